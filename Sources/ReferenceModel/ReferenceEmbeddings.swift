import Checkpoints
import ModelCore

/// Word embeddings and relative embeddings, with their LayerNorms.
struct ReferenceEmbeddings: Sendable {
  private let words: TensorView
  private let vocabularySize: Int
  private let norm: ReferenceLayerNorm
  private let relative: ReferenceMatrix
  private let relativeNorm: ReferenceLayerNorm?

  init(_ loader: WeightLoader, _ encoder: EncoderConfiguration) throws(ReferenceModelError) {
    let epsilon = encoder.layerNormEpsilon
    words = try loader.view(ReferenceTensors.words)
    vocabularySize = encoder.vocabularySize
    norm = try loader.norm(ReferenceTensors.embeddingNorm, epsilon: epsilon)
    relative = try loader.matrix(ReferenceTensors.relative)
    relativeNorm =
      encoder.normalizesRelativeEmbeddings
      ? try loader.norm(ReferenceTensors.relativeNorm, epsilon: epsilon) : nil
  }

  /// What the first layer reads: one row a token.
  func states(of inputIDs: [Int32]) throws(ReferenceModelError) -> ReferenceMatrix {
    let size = norm.weight.count
    var states = ReferenceMatrix(rows: inputIDs.count, columns: size)
    for (position, id) in inputIDs.enumerated() {
      guard id >= 0, Int(id) < vocabularySize else {
        throw .tokenOutsideVocabulary(position: position, found: id, vocabularySize: vocabularySize)
      }
      try readRow(Int(id), into: &states, row: position)
    }
    return norm(states)
  }

  /// The relative embeddings as every layer reads them: 2 · span rows.
  func relativeStates() -> ReferenceMatrix { relativeNorm?(relative) ?? relative }

  private func readRow(_ id: Int, into states: inout ReferenceMatrix, row: Int) throws(ReferenceModelError) {
    let size = states.columns
    // Swift 6.0's withUnsafeMutableBufferPointer has no typed throws: the error leaves it as a value.
    let result = states.values.withUnsafeMutableBufferPointer { values in
      let target = UnsafeMutableBufferPointer(rebasing: values[row * size..<(row + 1) * size])
      return Result { () throws(CheckpointError) in
        try words.readFloats(elements: id * size..<(id + 1) * size, into: target)
      }
    }
    do throws(CheckpointError) { try result.get() } catch { throw .checkpoint(error) }
  }
}
