import Checkpoints
import ModelCore

/// Every tensor that the model reads, with the shape its configuration implies: those of the encoder here, those of the head in
/// `ReferenceTensors+Head.swift`.
enum ReferenceTensors {
  /// - Throws: ``ReferenceModelError/tooManyLayerWeights(path:tensor:found:states:)``.
  static func all(_ checkpoint: Checkpoint) throws(ReferenceModelError) -> [TensorRequirement] {
    let configuration = checkpoint.configuration
    let encoder = configuration.encoder
    var tensors = embeddings(encoder)
    // Without a layer, nobody reads relative embeddings, or has a convolution beside it.
    if encoder.layerCount > 0 { tensors += relative(encoder) + convolution(encoder) }
    for index in 0..<encoder.layerCount { tensors += layer(encoder, index) }
    tensors += head(configuration)
    if configuration.head.squeezesLayers { tensors += layerWeights(encoder, count: try layerWeightCount(checkpoint)) }
    return tensors
  }

  static let words = "model.encoder_model.embeddings.word_embeddings.weight"
  static let positions = "model.encoder_model.embeddings.position_embeddings.weight"
  static let tokenTypes = "model.encoder_model.embeddings.token_type_embeddings.weight"
  static let embeddingProjection = "model.encoder_model.embeddings.embed_proj"
  static let embeddingNorm = "model.encoder_model.embeddings.LayerNorm"
  static let relative = "model.encoder_model.encoder.rel_embeddings.weight"
  static let relativeNorm = "model.encoder_model.encoder.LayerNorm"
  static let convolution = "model.encoder_model.encoder.conv"

  static func layer(_ index: Int) -> String { "model.encoder_model.encoder.layer.\(index)" }

  private static func embeddings(_ encoder: EncoderConfiguration) -> [TensorRequirement] {
    let (size, hidden) = (encoder.embeddingSize, encoder.hiddenSize)
    var tensors = [TensorRequirement(words, shape: [encoder.vocabularySize, size])]
    if encoder.absolutePositionCount > 0 {
      tensors.append(TensorRequirement(positions, shape: [encoder.absolutePositionCount, size]))
    }
    if encoder.tokenTypeCount > 0 {
      tensors.append(TensorRequirement(tokenTypes, shape: [encoder.tokenTypeCount, size]))
    }
    if size != hidden { tensors += linear(embeddingProjection, from: size, to: hidden, hasBias: false) }
    return tensors + norm(embeddingNorm, hidden)
  }

  private static func relative(_ encoder: EncoderConfiguration) -> [TensorRequirement] {
    guard encoder.usesRelativePositions else { return [] }
    let table = TensorRequirement(relative, shape: [encoder.relativeRowCount, encoder.hiddenSize])
    return [table] + (encoder.normalizesRelativeEmbeddings ? norm(relativeNorm, encoder.hiddenSize) : [])
  }

  private static func convolution(_ encoder: EncoderConfiguration) -> [TensorRequirement] {
    guard let own = encoder.convolution else { return [] }
    let size = encoder.hiddenSize
    return [
      TensorRequirement("\(convolution).conv.weight", shape: [size, size / own.groupCount, own.kernelSize]),
      TensorRequirement("\(convolution).conv.bias", shape: [size]),
    ] + norm("\(convolution).LayerNorm", size)
  }

  private static func layer(_ encoder: EncoderConfiguration, _ index: Int) -> [TensorRequirement] {
    let (size, middle, layer) = (encoder.hiddenSize, encoder.intermediateSize, layer(index))
    var projections = ["query_proj", "key_proj", "value_proj"]
    if encoder.hasOwnRelativeProjections {
      if encoder.usesContentToPosition { projections.append("pos_key_proj") }
      if encoder.usesPositionToContent { projections.append("pos_query_proj") }
    }
    var tensors = projections.flatMap { linear("\(layer).attention.self.\($0)", from: size, to: size) }
    tensors += linear("\(layer).attention.output.dense", from: size, to: size)
    tensors += norm("\(layer).attention.output.LayerNorm", size)
    tensors += linear("\(layer).intermediate.dense", from: size, to: middle)
    tensors += linear("\(layer).output.dense", from: middle, to: size)
    return tensors + norm("\(layer).output.LayerNorm", size)
  }

  static func linear(
    _ name: String, from inputs: Int, to outputs: Int, hasBias: Bool = true
  ) -> [TensorRequirement] {
    [TensorRequirement("\(name).weight", shape: [outputs, inputs])]
      + (hasBias ? [TensorRequirement("\(name).bias", shape: [outputs])] : [])
  }

  static func norm(_ name: String, _ size: Int) -> [TensorRequirement] {
    [TensorRequirement("\(name).weight", shape: [size]), TensorRequirement("\(name).bias", shape: [size])]
  }
}
