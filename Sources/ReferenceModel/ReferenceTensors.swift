import Checkpoints
import ModelCore

/// Every tensor that the model reads, with the shape its configuration implies.
enum ReferenceTensors {
  static func all(_ configuration: ModelConfiguration) -> [TensorRequirement] {
    let encoder = configuration.encoder
    let size = encoder.hiddenSize
    var tensors = [
      TensorRequirement(words, shape: [encoder.vocabularySize, size]),
      TensorRequirement(relative, shape: [encoder.relativeRowCount, size]),
    ]
    tensors += norm(embeddingNorm, size)
    if encoder.normalizesRelativeEmbeddings { tensors += norm(relativeNorm, size) }
    for index in 0..<encoder.layerCount {
      let layer = layer(index)
      tensors += linear("\(layer).attention.self.query_proj", from: size, to: size)
      tensors += linear("\(layer).attention.self.key_proj", from: size, to: size)
      tensors += linear("\(layer).attention.self.value_proj", from: size, to: size)
      tensors += linear("\(layer).attention.output.dense", from: size, to: size)
      tensors += norm("\(layer).attention.output.LayerNorm", size)
      tensors += linear("\(layer).intermediate.dense", from: size, to: encoder.intermediateSize)
      tensors += linear("\(layer).output.dense", from: encoder.intermediateSize, to: size)
      tensors += norm("\(layer).output.LayerNorm", size)
    }
    for projector in [textProjector, classesProjector] {
      tensors += linear("\(projector).linear_1", from: size, to: configuration.head.projectorSize)
      tensors += linear("\(projector).linear_2", from: configuration.head.projectorSize, to: size)
    }
    return tensors
  }

  static let words = "model.encoder_model.embeddings.word_embeddings.weight"
  static let embeddingNorm = "model.encoder_model.embeddings.LayerNorm"
  static let relative = "model.encoder_model.encoder.rel_embeddings.weight"
  static let relativeNorm = "model.encoder_model.encoder.LayerNorm"
  static let textProjector = "model.text_projector"
  static let classesProjector = "model.classes_projector"

  static func layer(_ index: Int) -> String { "model.encoder_model.encoder.layer.\(index)" }

  private static func linear(_ name: String, from inputs: Int, to outputs: Int) -> [TensorRequirement] {
    [
      TensorRequirement("\(name).weight", shape: [outputs, inputs]),
      TensorRequirement("\(name).bias", shape: [outputs]),
    ]
  }

  private static func norm(_ name: String, _ size: Int) -> [TensorRequirement] {
    [TensorRequirement("\(name).weight", shape: [size]), TensorRequirement("\(name).bias", shape: [size])]
  }
}
