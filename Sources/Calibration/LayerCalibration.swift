import Quantization
import ReferenceModel

/// Goes through one transformer layer with all texts: measures what its linear layers read, solves them, and lets the texts pass with
/// what was found.
struct LayerCalibration {
  private var layer: ReferenceEncoderLayer
  private let settings: CalibrationSettings
  private let work: TextWork
  private let path: String
  private let schemes: LayerSchemes
  /// What was found so far, by the names of linear layers.
  private(set) var solutions: [String: LinearSolution] = [:]
  private(set) var reports: [CalibrationReport.Group] = []
  /// How the groups that are quantized round what they read.
  private var rounding: [LinearGroup: ActivationRounding] = [:]

  /// Calls of `progress`.
  static let steps = LinearGroup.allCases.count + 1

  /// - Parameters:
  ///   - layer: with the checkpoint's weights.
  ///   - path: of the weights, for errors.
  ///   - schemes: what its linear layers are to become.
  init(
    _ layer: ReferenceEncoderLayer, _ settings: CalibrationSettings, _ work: TextWork, path: String,
    schemes: LayerSchemes
  ) {
    self.layer = layer
    self.settings = settings
    self.work = work
    self.path = path
    self.schemes = schemes
  }

  /// Each group reads what the groups before it make with their codes, of activations that are rounded as they will be.
  /// - Parameters:
  ///   - states: those before the layer become those behind it.
  ///   - embeddings: what the first layer reads; `nil` where this one does not need it.
  ///   - goesOn: whether anybody reads the states behind it.
  ///   - progress: called after each step.
  mutating func run(
    _ states: inout TextStates, embeddings: TextStates?, goesOn: Bool, progress: () -> Void
  ) throws(CalibrationError) {
    try attend(&states, progress)
    try solve(.feedForward, progress) { [states] text in states[text] }
    // Wide: made twice, rather than kept.
    let inner = { @Sendable [layer, rounded = reader(.feedForward)] (attended) throws(ReferenceModelError) in
      try layer.intermediate(rounded(attended))
    }
    try solve(.inner, progress) { [states] (text) throws(ReferenceModelError) in try inner(states[text]) }
    defer { progress() }
    guard goesOn else { return }
    try work.update(&states) { [layer, rounded = reader(.inner)] (text, attended) throws(ReferenceModelError) in
      try layer.output(rounded(try inner(attended)), attention: attended, embeddings: embeddings?[text])
    }
  }

  /// The states before the layer become those between its two halves.
  private mutating func attend(_ states: inout TextStates, _ progress: () -> Void) throws(CalibrationError) {
    try solve(.attention, progress) { [states] text in states[text] }
    var contexts = try work.map { [layer, states, rounded = reader(.attention)] (text) throws(ReferenceModelError) in
      try layer.context(rounded(states[text]))
    }
    try solve(.context, progress) { [contexts] text in contexts[text] }
    try work.update(&contexts) {
      [layer, states, rounded = reader(.context)] (text, context) throws(ReferenceModelError) in
      try layer.attention(rounded(context), states: states[text])
    }
    states = contexts
  }

  private func reader(_ group: LinearGroup) -> @Sendable (ReferenceMatrix) -> ReferenceMatrix {
    guard let rounding = rounding[group] else { return { $0 } }
    return { rounding($0) }
  }

  /// Finds solutions for a group, and puts them in the place of the checkpoint's weights.
  /// - Parameter rows: what the group reads, of one text.
  private mutating func solve(
    _ group: LinearGroup, _ progress: () -> Void,
    _ rows: @Sendable (Int) throws(ReferenceModelError) -> ReferenceMatrix
  ) throws(CalibrationError) {
    defer { progress() }
    let members = group.members.compactMap { linear in
      schemes[linear].map { GroupSolver.Member(layer, linear, $0) }
    }
    guard let first = members.first else { return }
    var measured = MeasuredInputs(columns: first.weight.columns, expected: work.tokens)
    for chunk in work.chunks { measured.add(try work.map(chunk, rows), threads: work.threads) }
    let (zero, constant) = (measured.zeroFeatures, measured.constantFeatures)
    let solver = GroupSolver(settings, members, measured)
    var errors: [Double] = []
    for member in members {
      let found = try solver.solve(member, path: path)
      layer.replace(member.linear, weight: found.weight, bias: found.solution.bias ?? member.bias)
      solutions[member.name] = found.solution
      errors.append(found.relativeError)
    }
    rounding[group] = ActivationRounding(inputScales: solver.inputScales)
    reports.append(
      CalibrationReport.Group(
        name: group.name(layer: layer.index), features: first.weight.columns, zeroFeatures: zero,
        constantFeatures: constant, damping: solver.damping, relativeErrors: errors))
  }
}
