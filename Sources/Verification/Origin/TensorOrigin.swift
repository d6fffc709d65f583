import ModelCore

/// Where a tensor of the `.glc` comes from: the tables of formats/glc.md ("Tensors of `deberta-v2`"), written down from there a second
/// time, because a converter and a verifier that share a table share its errors.
struct TensorOrigin: Sendable, Equatable {
  /// What it is made of.
  enum Source: Sendable, Equatable {
    /// A tensor of the checkpoint, as it is.
    case whole(String)
    /// The first row of one.
    case firstRow(String)
    /// The relative embeddings through a layer's key or query projection.
    case relativeKeys(layer: Int)
    case relativeQueries(layer: Int)
    /// The convolution as a matrix over neighbouring tokens.
    case convolution
  }

  /// The table of tokens, of which a pruned vocabulary leaves rows out.
  static let tokens = "embeddings.tokens"

  /// In the `.glc`.
  let name: String
  /// In the `.glc`.
  let shape: [Int]
  let source: Source

  init(_ name: String, _ shape: [Int], _ source: Source) {
    self.name = name
    self.shape = shape
    self.source = source
  }

  /// Every tensor of a `.glc` of this configuration, in the order of the forward pass.
  /// - Parameter weightedStates: the states that are weighted, which no configuration says; `nil` for as many as there are layers.
  static func all(_ configuration: ModelConfiguration, weightedStates: Int? = nil) -> [TensorOrigin] {
    let encoder = configuration.encoder
    var all = embeddings(configuration)
    for index in 0..<encoder.layerCount { all += layer(index, encoder) }
    if let own = encoder.convolution {
      let (size, source) = (encoder.hiddenSize, "model.encoder_model.encoder.conv")
      all.append(TensorOrigin("convolution.weight", [size, own.kernelSize * size], .convolution))
      all.append(TensorOrigin("convolution.bias", [size], .whole("\(source).conv.bias")))
      all += norm("convolution.norm", "\(source).LayerNorm", size)
    }
    return all + head(configuration, weightedStates: weightedStates)
  }

  private static func embeddings(_ configuration: ModelConfiguration) -> [TensorOrigin] {
    let encoder = configuration.encoder
    let (size, hidden, source) = (encoder.embeddingSize, encoder.hiddenSize, "model.encoder_model.embeddings")
    var all = [
      TensorOrigin(
        tokens, [encoder.vocabularySize, size], .whole("\(source).word_embeddings.weight"))
    ]
    if encoder.absolutePositionCount > 0 {
      let table = "\(source).position_embeddings.weight"
      all.append(TensorOrigin("embeddings.positions", [encoder.absolutePositionCount, size], .whole(table)))
    }
    if encoder.tokenTypeCount > 0 {
      let table = "\(source).token_type_embeddings.weight"
      all.append(TensorOrigin("embeddings.token_type", [size], .firstRow(table)))
    }
    if configuration.head.usesSegmentEmbeddings {
      all.append(TensorOrigin("embeddings.segments", [3, size], .whole("model.segment_embeddings.weight")))
    }
    if size != hidden {
      all.append(
        TensorOrigin("embeddings.projection.weight", [hidden, size], .whole("\(source).embed_proj.weight")))
    }
    return all + norm("embeddings.norm", "\(source).LayerNorm", hidden)
  }

  private static func layer(_ index: Int, _ encoder: EncoderConfiguration) -> [TensorOrigin] {
    let (hidden, middle) = (encoder.hiddenSize, encoder.intermediateSize)
    let (name, source) = ("layers.\(index)", "model.encoder_model.encoder.layer.\(index)")
    var all = ["query", "key", "value"].flatMap {
      linear("\(name).attention.\($0)", "\(source).attention.self.\($0)_proj", hidden, hidden)
    }
    let relative = [encoder.headCount, encoder.relativeRowCount, encoder.headSize]
    if encoder.usesContentToPosition {
      all.append(TensorOrigin("\(name).attention.relative_keys", relative, .relativeKeys(layer: index)))
    }
    if encoder.usesPositionToContent {
      all.append(TensorOrigin("\(name).attention.relative_queries", relative, .relativeQueries(layer: index)))
    }
    all += linear("\(name).attention.output", "\(source).attention.output.dense", hidden, hidden)
    all += norm("\(name).attention.norm", "\(source).attention.output.LayerNorm", hidden)
    all += linear("\(name).feed_forward.intermediate", "\(source).intermediate.dense", middle, hidden)
    all += linear("\(name).feed_forward.output", "\(source).output.dense", hidden, middle)
    return all + norm("\(name).feed_forward.norm", "\(source).output.LayerNorm", hidden)
  }

  static func linear(
    _ name: String, _ source: String, _ outputs: Int, _ inputs: Int, hasBias: Bool = true
  ) -> [TensorOrigin] {
    [TensorOrigin("\(name).weight", [outputs, inputs], .whole("\(source).weight"))]
      + (hasBias ? [TensorOrigin("\(name).bias", [outputs], .whole("\(source).bias"))] : [])
  }

  static func norm(_ name: String, _ source: String, _ size: Int) -> [TensorOrigin] {
    [
      TensorOrigin("\(name).gain", [size], .whole("\(source).weight")),
      TensorOrigin("\(name).bias", [size], .whole("\(source).bias")),
    ]
  }
}
