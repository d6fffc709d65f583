import COpenBLAS
import Checkpoints
import ModelCore

/// The encoder of a checkpoint for whoever goes through it layer by layer: a layer's weights are read when it is asked for, and gone
/// with it. Computes what ``ReferenceModel`` does. Thread-safe; matrix products take one thread each.
package struct ReferenceEncoder: Sendable {
  /// What the checkpoint's `config.json` says.
  package let configuration: EncoderConfiguration
  private let path: String
  private let loader: WeightLoader
  private let embeddings: ReferenceEmbeddings
  private let relative: ReferenceMatrix?

  /// Reads no more than is shared by all layers.
  /// - Throws: As `ReferenceModel.init(_:)`, also for a tensor of the head that is missing.
  package init(_ checkpoint: Checkpoint) throws(ReferenceModelError) {
    openblas_set_num_threads(1)
    configuration = checkpoint.configuration.encoder
    path = checkpoint.weights.path
    loader = try WeightLoader(checkpoint)
    embeddings = try ReferenceEmbeddings(loader, checkpoint.configuration)
    relative =
      configuration.usesRelativePositions && configuration.layerCount > 0
      ? try ReferenceRelativeEmbeddings(loader, configuration).states : nil
  }

  /// What the first layer reads, one row a token.
  /// - Throws: ``ReferenceModelError`` for an empty or overlong input, an id outside the vocabulary, or values that are not finite.
  package func embeddings(of inputIDs: [Int32]) throws(ReferenceModelError) -> ReferenceMatrix {
    guard !inputIDs.isEmpty else { throw .emptyInput }
    let limit = ReferenceModel.tokenLimit(configuration)
    guard inputIDs.count <= limit else { throw .tooManyTokens(found: inputIDs.count, limit: limit) }
    let states = try embeddings.states(of: inputIDs)
    guard states.isFinite else { throw .notFinite(path: path, layer: nil, stage: .embeddings) }
    return states
  }

  /// Says that rows of the embedding table that were read no longer count as resident.
  package func discardEmbeddings() { embeddings.discardWords() }

  /// The gains of the LayerNorm behind the embeddings; `nil` where a projection lies between.
  package func embeddingGains() throws(ReferenceModelError) -> [Float]? {
    guard configuration.embeddingSize == configuration.hiddenSize else { return nil }
    return try loader.floats("\(ReferenceTensors.embeddingNorm).weight")
  }

  /// The weights of the layers that read the last states: the first of both projectors.
  package func projectorWeights() throws(ReferenceModelError) -> [ReferenceMatrix] {
    var weights: [ReferenceMatrix] = []
    for name in [ReferenceTensors.textProjector, ReferenceTensors.classesProjector] {
      weights.append(try loader.matrix("\(name).linear_1.weight"))
    }
    return weights
  }

  /// Reads the weights of the layer at `index`, from 0.
  package func layer(_ index: Int) throws(ReferenceModelError) -> ReferenceEncoderLayer {
    let layer = try ReferenceLayer(loader, configuration, index: index)
    let convolution =
      if index == 0, let own = configuration.convolution {
        try ReferenceConvolution(loader, configuration, own)
      } else { ReferenceConvolution?.none }
    return ReferenceEncoderLayer(
      layer: layer, index: index, path: path, relative: relative.map(layer.project) ?? RelativeProjections(),
      convolution: convolution)
  }
}

/// The linear layers of a transformer layer, in the order in which they are run.
package enum EncoderLinear: Sendable, CaseIterable {
  case query
  case key
  case value
  case attentionOutput
  case intermediate
  case output

  /// Its name in a checkpoint, without `.weight` and `.bias`.
  package func name(layer: Int) -> String {
    let end =
      switch self {
      case .query: "attention.self.query_proj"
      case .key: "attention.self.key_proj"
      case .value: "attention.self.value_proj"
      case .attentionOutput: "attention.output.dense"
      case .intermediate: "intermediate.dense"
      case .output: "output.dense"
      }
    return "\(ReferenceTensors.layer(layer)).\(end)"
  }

  /// What the names of query, key and value begin with.
  package static func attentionPrefix(layer: Int) -> String { "\(ReferenceTensors.layer(layer)).attention.self" }
}

/// One layer of a ``ReferenceEncoder``, step by step, whose linear layers can be given other weights.
///
/// Projected relative embeddings stay those of the checkpoint's weights, as they do in a `.glc`.
package struct ReferenceEncoderLayer: Sendable {
  private var layer: ReferenceLayer
  /// From 0.
  package let index: Int
  private let path: String
  private let relative: RelativeProjections
  private let convolution: ReferenceConvolution?

  init(
    layer: ReferenceLayer, index: Int, path: String, relative: RelativeProjections, convolution: ReferenceConvolution?
  ) {
    self.layer = layer
    self.index = index
    self.path = path
    self.relative = relative
    self.convolution = convolution
  }

  /// Output features × input features.
  package func weight(_ linear: EncoderLinear) -> ReferenceMatrix { layer[keyPath: Self.path(linear)].weight }

  /// One number an output feature.
  package func bias(_ linear: EncoderLinear) -> [Float] { layer[keyPath: Self.path(linear)].bias }

  /// Puts other weights in the place of the checkpoint's, of the same shape.
  package mutating func replace(_ linear: EncoderLinear, weight: ReferenceMatrix, bias: [Float]) {
    let old = layer[keyPath: Self.path(linear)].weight
    precondition(weight.rows == old.rows && weight.columns == old.columns && bias.count == old.rows)
    layer[keyPath: Self.path(linear)] = ReferenceLinear(weight: weight, bias: bias)
  }

  private static func path(_ linear: EncoderLinear) -> WritableKeyPath<ReferenceLayer, ReferenceLinear> {
    switch linear {
    case .query: \.query
    case .key: \.key
    case .value: \.value
    case .attentionOutput: \.attentionDense
    case .intermediate: \.intermediate
    case .output: \.output
    }
  }

  /// What `attention.output.dense` reads, from the states before the layer.
  /// - Throws: ``ReferenceModelError/notFinite(path:layer:stage:)``, like the steps below.
  package func context(_ states: ReferenceMatrix) throws(ReferenceModelError) -> ReferenceMatrix {
    let positions = RelativePositions(tokenCount: states.rows, layer.encoder)
    return try checked(
      layer.context(states, relative: relative, positions: positions) { _, _ in }, .context)
  }

  /// What `intermediate.dense` reads.
  /// - Parameter states: before the layer.
  package func attention(
    _ context: ReferenceMatrix, states: ReferenceMatrix
  ) throws(ReferenceModelError) -> ReferenceMatrix {
    try checked(layer.attended(context, residual: states), .attention)
  }

  /// What `output.dense` reads.
  package func intermediate(_ attention: ReferenceMatrix) throws(ReferenceModelError) -> ReferenceMatrix {
    try checked(layer.inner(attention), .intermediate)
  }

  /// The states after the layer, and after the convolution beside it.
  /// - Parameter embeddings: what the first layer reads, which the convolution does, too.
  package func output(
    _ inner: ReferenceMatrix, attention: ReferenceMatrix, embeddings: ReferenceMatrix?
  ) throws(ReferenceModelError) -> ReferenceMatrix {
    var states = layer.states(inner: inner, residual: attention)
    if let convolution {
      guard let embeddings else { preconditionFailure("a convolution reads the embeddings") }
      states = convolution.states(embeddings: embeddings, after: states)
    }
    return try checked(states, .output)
  }

  private func checked(
    _ states: ReferenceMatrix, _ stage: ReferenceStage
  ) throws(ReferenceModelError) -> ReferenceMatrix {
    guard states.isFinite else { throw .notFinite(path: path, layer: index, stage: stage) }
    return states
  }
}
