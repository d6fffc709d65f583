import CKernels
import Checkpoints
import Dispatch
import ModelCore
import Quantization

/// What is known of the inputs of every linear layer of the encoder, and of the projectors, without data: the moments of its features, carried
/// through the network from the table of embeddings on, and how large the weights are that read them.
struct EncoderMoments {
  /// Of one group of layers with the same inputs.
  struct Group {
    var inputs: FeatureMoments
    /// Root mean square of the weights of each input feature, over the channels of all members.
    var weights: [Double]
  }

  /// In the order of ``LinearGroup/all(_:_:)``, and then of ``LinearGroup/projectors(_:_:)``.
  private(set) var groups: [Group] = []

  private let source: ConversionSource
  private let encoder: EncoderConfiguration

  /// Reads all weights of encoder and projectors once.
  init(_ source: ConversionSource) throws(ConversionError) {
    self.source = source
    encoder = source.checkpoint.configuration.encoder
    let embedded = try embeddings()
    var states = embedded
    for layer in 0..<encoder.layerCount {
      states = try self.states(behind: layer, states)
      if layer == 0, let convolution = encoder.convolution {
        states = try normalized(convolved(embedded, convolution) + states, "convolution.norm")
      }
    }
    let head = source.checkpoint.configuration.head
    let projectors = LinearGroup.projectors(source.mapping.table, head).map { $0.members.map(\.name) }
    for first in stride(from: 0, to: projectors.count, by: 2) {
      let inner = try outputs(of: projectors[first], reading: states)
      _ = try outputs(of: projectors[first + 1], reading: activated(inner, head.projectorActivation))
    }
  }

  /// Moments behind the LayerNorm of the embeddings, over a sample of tokens that are taken as equally frequent.
  private func embeddings() throws(ConversionError) -> FeatureMoments {
    let view = try view("embeddings.tokens")
    let rows = CheckpointRows(view)
    let step = max(1, rows.rows / Self.sampledTokens)
    var sums = [Double](repeating: 0, count: rows.columns)
    var squares = sums
    var count = 0.0
    try rows.sample(every: step) { values in
      count += 1
      for (feature, value) in values.enumerated() {
        sums[feature] += Double(value)
        squares[feature] += Double(value) * Double(value)
      }
    }
    let means = sums.map { $0 / count }
    var moments = FeatureMoments(
      means: means, variances: zip(squares, means).map { max(0, $0 / count - $1 * $1) })
    if encoder.embeddingSize != encoder.hiddenSize {
      let projected = try scan("embeddings.projection.weight", moments)
      moments = projected.outputs(bias: Array(repeating: 0, count: encoder.hiddenSize))
    }
    return try normalized(moments, "embeddings.norm")
  }

  private static let sampledTokens = 4096

  private mutating func states(
    behind layer: Int, _ states: FeatureMoments
  ) throws(ConversionError) -> FeatureMoments {
    let members = LinearGroup.all(ofLayer: layer, source.mapping.table).map { $0.members.map(\.name) }
    let attention = "layers.\(layer).attention"
    let values = try outputs(of: members[0], reading: states)
    let attended = try outputs(of: members[1], reading: values.mixed())
    let middle = try normalized(attended + states, "\(attention).norm")
    let inner = activated(try outputs(of: members[2], reading: middle), encoder.activation)
    let output = try outputs(of: members[3], reading: inner)
    return try normalized(output + middle, "layers.\(layer).feed_forward.norm")
  }

  /// Notes what a group reads.
  /// - Returns: the moments of what its last member makes of it.
  private mutating func outputs(
    of members: [String], reading inputs: FeatureMoments
  ) throws(ConversionError) -> FeatureMoments {
    var squares = [Double](repeating: 0, count: inputs.count)
    var rows = 0
    var last: MatrixMoments?
    for name in members {
      let moments = try scan(name, inputs)
      for (feature, square) in moments.columnSquares.enumerated() { squares[feature] += square }
      rows += moments.means.count
      last = moments
    }
    groups.append(Group(inputs: inputs, weights: squares.map { ($0 / Double(rows)).squareRoot() }))
    guard let last, let name = members.last else { preconditionFailure("a group has members") }
    return last.outputs(bias: try vector("\(name.dropLast("weight".count))bias"))
  }

  /// What the convolution makes of the embeddings, whose neighbours are taken as independent.
  private func convolved(
    _ embedded: FeatureMoments, _ convolution: ConvolutionConfiguration
  ) throws(ConversionError) -> FeatureMoments {
    func repeated(_ values: [Double]) -> [Double] { (0..<convolution.kernelSize).flatMap { _ in values } }
    let inputs = FeatureMoments(means: repeated(embedded.means), variances: repeated(embedded.variances))
    let moments = try scan(ConvolutionRows(try view("convolution.weight")), inputs)
    return activated(moments.outputs(bias: try vector("convolution.bias")), convolution.activation)
  }

  private func activated(_ moments: FeatureMoments, _ activation: Activation) -> FeatureMoments {
    moments.activated { values in
      guard activation != .linear else { return }
      glck_kernels_best().pointee.activate_rows(activation.kernel, values.count, values.baseAddress)
    }
  }

  private func normalized(_ moments: FeatureMoments, _ name: String) throws(ConversionError) -> FeatureMoments {
    moments.normalized(gain: try vector("\(name).gain"), bias: try vector("\(name).bias"))
  }

  private func view(_ name: String) throws(ConversionError) -> TensorView {
    guard let (_, view) = source.mapping.row(of: name) else { preconditionFailure("\(name) is not in the table") }
    return view
  }

  private func vector(_ name: String) throws(ConversionError) -> [Float] {
    let view = try view(name)
    return try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in try view.floats() }
  }

  private func scan(_ name: String, _ inputs: FeatureMoments) throws(ConversionError) -> MatrixMoments {
    try scan(CheckpointRows(try view(name)), inputs)
  }

  /// Both halves of the rows at the same time: two, on every machine, so that sums are the same.
  private func scan(_ rows: some RowSource, _ inputs: FeatureMoments) throws(ConversionError) -> MatrixMoments {
    let middle = rows.rows / 2
    let halves = [0..<middle, middle..<rows.rows]
    var results = [Result<MatrixMoments, ConversionError>](repeating: .success(MatrixMoments(inputs: inputs)), count: 2)
    results.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let results = buffer
      DispatchQueue.concurrentPerform(iterations: 2) { half in
        results[half] = Result { () throws(ConversionError) in try Self.scan(rows, halves[half], inputs) }
      }
    }
    var first = try results[0].get()
    first.append(try results[1].get())
    return first
  }

  private static func scan(
    _ source: some RowSource, _ rows: Range<Int>, _ inputs: FeatureMoments
  ) throws(ConversionError) -> MatrixMoments {
    var moments = MatrixMoments(inputs: inputs)
    try source.forEachStripe(of: rows) { range, values in
      for row in 0..<range.count {
        moments.add(UnsafeBufferPointer(rebasing: values[row * source.columns..<(row + 1) * source.columns]))
      }
    }
    return moments
  }
}
