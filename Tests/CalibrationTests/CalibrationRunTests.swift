import Calibration
import Checkpoints
import ModelCore
import Quantization
import ReferenceModel
import TestSupport
import Testing

@Suite struct CalibrationRunTests {
  typealias Outcome = (solutions: [String: LinearSolution], report: CalibrationReport)

  static func run(
    _ scheme: IntegerScheme?, inputs: [[Int32]]? = nil, checkpoint: Checkpoint? = nil,
    _ edit: (inout CalibrationSettings) -> Void = { _ in }
  ) throws -> Outcome {
    var settings = CalibrationSettings()
    edit(&settings)
    return try CalibrationRun(
      checkpoint ?? Tiny.checkpoint(), inputs: inputs ?? Tiny.inputs.get(), settings: settings
    ).run { _ in scheme }
  }

  static let schemes: [IntegerScheme] = [.int8, .int4(groupSize: 32), .int4(groupSize: nil)]

  /// One solution for each linear layer, of the shapes that a converter expects.
  @Test(arguments: schemes)
  func everyLinearLayer(_ scheme: IntegerScheme) throws {
    let (solutions, report) = try Self.run(scheme)
    var expected = Set((0..<Tiny.layers).flatMap { layer in linearEnds.map { linear(layer, $0) } })
    expected.insert(CalibrationRun.tableName)
    #expect(Set(solutions.keys) == expected)
    for layer in 0..<Tiny.layers {
      for end in linearEnds {
        let solution = try #require(solutions[linear(layer, end)])
        let matrix = try #require(solution.matrix)
        let columns = end == "output.dense" ? Tiny.innerFeatures : Tiny.features
        #expect(matrix.columns == columns && matrix.codes.count == matrix.rows * columns)
        #expect(matrix.rows == (end == "intermediate.dense" ? Tiny.innerFeatures : Tiny.features))
        #expect(matrix.groupSize == (scheme == .int8 ? 0 : scheme == .int4(groupSize: 32) ? 32 : columns))
        #expect(matrix.scales.allSatisfy { $0 > 0 && $0.isFinite })
        #expect(solution.inputScales.map { $0.count == columns && $0.allSatisfy { $0 > 0 && $0.isFinite } } ?? true)
        #expect(solution.errorWeights?.count == (scheme == .int8 ? nil : columns))
      }
      let shared = linearEnds.prefix(3).map { solutions[linear(layer, $0)]?.inputScales }
      #expect(shared[0] == shared[1] && shared[1] == shared[2])
    }
    #expect(report.inputs == 20 && report.tokens == 2337 && report.groups.count == 4 * Tiny.layers)
    #expect(report.groups.allSatisfy { $0.damping == .asAsked })
    #expect(report.warnings.isEmpty, "\(report.warnings)")
  }

  /// The same whatever the number of threads, and from run to run.
  @Test(arguments: schemes)
  func threadsAndRuns(_ scheme: IntegerScheme) throws {
    let first = try Self.run(scheme)
    for threads in [1, 2, 3] {
      let other = try Self.run(scheme) { $0.threads = threads }
      #expect(other.report == first.report)
      for (name, solution) in first.solutions { #expect(other.solutions[name]?.content == solution.content) }
    }
  }

  /// The errors of the first group by the definition, over every row: its inputs are the embeddings.
  @Test(arguments: schemes)
  func relativeErrors(_ scheme: IntegerScheme) throws {
    let (solutions, report) = try Self.run(scheme)
    let encoder = try ReferenceEncoder(Tiny.checkpoint())
    let layer = try encoder.layer(0)
    let rows = try Tiny.inputs.get().map { try encoder.embeddings(of: $0) }
    for (position, member) in [EncoderLinear.query, .key, .value].enumerated() {
      let (weight, solution) = (layer.weight(member), try #require(solutions[member.name(layer: 0)]))
      let matrix = try #require(solution.matrix)
      var (noise, signal) = (0.0, 0.0)
      for text in rows {
        for token in 0..<text.rows {
          for output in 0..<weight.rows {
            var (lost, whole) = (0.0, 0.0)
            for (feature, value) in text[row: token].enumerated() {
              let original = Double(weight.values[output * weight.columns + feature])
              let coded = Double(matrix.value(output, feature)) * Double(solution.inputScales?[feature] ?? 1)
              lost += (original - coded) * Double(value)
              whole += original * Double(value)
            }
            noise += lost * lost
            signal += whole * whole
          }
        }
      }
      let error = (noise / signal).squareRoot()
      #expect(abs(report.groups[0].relativeErrors[position] / error - 1) < 1e-3)
      #expect(error < (scheme == .int8 ? 0.01 : 0.15), "\(member): \(error)")
    }
  }

  /// GPTQ makes the error of every group smaller than rounding does, on the texts that it saw, and the sum of all on others.
  @Test(arguments: schemes)
  func gptqIsBetterThanRounding(_ scheme: IntegerScheme) throws {
    let solved = try Self.run(scheme).report
    let rounded = try Self.run(scheme) { $0.gptq = false }.report
    for (one, other) in zip(solved.groups, rounded.groups) {
      #expect(one.name == other.name && other.damping == .none)
      #expect(zip(one.relativeErrors, other.relativeErrors).allSatisfy { $0 < $1 })
    }
  }

  /// Without GPTQ the converter comes to the same codes, and biases are corrected.
  @Test func steps() throws {
    let (solutions, _) = try Self.run(.int8) { $0.gptq = false }
    #expect(solutions[CalibrationRun.tableName] == nil && solutions.count == 12)
    for solution in solutions.values {
      #expect(solution.matrix == nil && solution.errorWeights == nil && solution.bias != nil)
    }
    let bare = try Self.run(.int4(groupSize: 32)) {
      ($0.inputScales, $0.gptq, $0.biasCorrection, $0.errorWeights) = (false, false, false, false)
    }.solutions
    #expect(bare.values.allSatisfy { $0.content.allSatisfy(\.isEmpty) })
  }

  /// Layers that are not quantized pass as they are: what the last layer reads is then what Python says (MeasuredInputsTests), and error
  /// weights without input scales are its second moments.
  @Test func someLayers() throws {
    let only = linear(1, "attention.self.value_proj")
    var settings = CalibrationSettings()
    settings.inputScales = false
    var asked: [String] = []
    let (solutions, report) = try CalibrationRun(Tiny.checkpoint(), inputs: Tiny.inputs.get(), settings: settings).run {
      asked.append($0)
      return $0 == only ? .int4(groupSize: 32) : nil
    }
    #expect(asked == (0..<Tiny.layers).flatMap { layer in linearEnds.map { linear(layer, $0) } })
    #expect(
      Set(solutions.keys) == [only, CalibrationRun.tableName] && report.groups.map(\.relativeErrors.count) == [1])
    let encoder = try ReferenceEncoder(Tiny.checkpoint())
    var (sums, tokens) = ([Double](repeating: 0, count: Tiny.features), 0)
    let model = try ReferenceModel(Tiny.checkpoint())
    for ids in try Tiny.inputs.get() {
      _ = try model.logits(inputIDs: ids) { layer, stage, states in
        guard layer == 0, stage == .output else { return }
        for (index, value) in states.values.enumerated() {
          sums[index % states.columns] += Double(value) * Double(value)
        }
        tokens += states.rows
      }
    }
    let found = try #require(solutions[only]?.errorWeights)
    #expect(encoder.configuration.layerCount == 2 && tokens == report.tokens)
    #expect(zip(found, sums).allSatisfy { abs(Double($0) / ($1 / Double(tokens)) - 1) < 1e-5 })
  }

  @Test func noLayers() throws {
    let (solutions, report) = try Self.run(nil) { $0.gptq = false }
    #expect(solutions.isEmpty && report.groups.isEmpty && report.tokens == 2337)
  }

  /// Every option of the encoder: convolution, projected embeddings, own relative projections, absolute positions, fewer layers.
  @Test(arguments: Variants.names)
  func everyOption(_ name: String) throws {
    let checkpoint = try Checkpoint.open(Variants.folder(name))
    let inputs = try Variants.description(name).examples.map(\.inputIds)
    var parts: [Double] = []
    let (solutions, report) = try CalibrationRun(checkpoint, inputs: inputs).run(scheme: { _ in .int8 }) {
      parts.append($0)
    }
    let encoder = checkpoint.configuration.encoder
    let hasTable = encoder.embeddingSize == encoder.hiddenSize
    #expect(
      solutions.count == 6 * encoder.layerCount + (hasTable ? 1 : 0) && report.groups.count == 4 * encoder.layerCount)
    #expect(report.groups.flatMap(\.relativeErrors).allSatisfy { $0 < 0.02 })
    #expect(parts == parts.sorted() && (parts.last == 1 || encoder.layerCount == 0))
    #expect(parts.allSatisfy { $0 > 0 && $0 <= 1 })
  }
}
