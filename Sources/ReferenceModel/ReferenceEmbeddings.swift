import Checkpoints
import ModelCore

/// What the first layer reads (`DebertaV2Embeddings`, and the segment embeddings of `gliclass` before it).
struct ReferenceEmbeddings: Sendable {
  private let vocabularySize: Int
  private let words: ReferenceTable
  private let segments: (table: ReferenceTable, rule: SegmentRule)?
  private let positions: ReferenceTable?
  private let tokenTypes: ReferenceTable?
  private let projection: ReferenceLinear?
  private let norm: ReferenceLayerNorm

  init(_ loader: WeightLoader, _ configuration: ModelConfiguration) throws(ReferenceModelError) {
    let encoder = configuration.encoder
    vocabularySize = encoder.vocabularySize
    words = try loader.table(ReferenceTensors.words)
    segments =
      configuration.head.usesSegmentEmbeddings
      ? (try loader.table(ReferenceTensors.segments), SegmentRule(configuration.prompt)) : nil
    positions = encoder.absolutePositionCount > 0 ? try loader.table(ReferenceTensors.positions) : nil
    tokenTypes = encoder.tokenTypeCount > 0 ? try loader.table(ReferenceTensors.tokenTypes) : nil
    projection =
      encoder.embeddingSize == encoder.hiddenSize
      ? nil : try loader.linear(ReferenceTensors.embeddingProjection, hasBias: false)
    norm = try loader.norm(ReferenceTensors.embeddingNorm, epsilon: encoder.layerNormEpsilon)
  }

  /// Gives the pages of the words that were read back: with many texts that is the whole table.
  func discardWords() { words.discard() }

  /// One row a token.
  func states(of inputIDs: [Int32]) throws(ReferenceModelError) -> ReferenceMatrix {
    for (position, id) in inputIDs.enumerated() {
      guard id >= 0, Int(id) < vocabularySize else {
        throw .tokenOutsideVocabulary(position: position, found: id, vocabularySize: vocabularySize)
      }
    }
    var states = try words.rows(inputIDs.map { Int($0) })
    if let segments { states = states + (try segments.table.rows(segments.rule.ids(of: inputIDs))) }
    if let positions { states = states + (try positions.rows(Array(inputIDs.indices))) }
    // Nobody passes token_type_ids: all tokens are of type 0.
    if let tokenTypes { states = states + (try tokenTypes.rows(inputIDs.map { _ in 0 })) }
    if let projection { states = projection(states) }
    return norm(states)
  }
}

/// Which segment a token is in (`_create_segment_ids` of `model.py`).
struct SegmentRule: Sendable {
  private let separator: Int
  private let example: Int

  init(_ prompt: PromptConfiguration) {
    separator = prompt.separatorTokenID
    example = prompt.exampleTokenID
  }

  /// 0 before the first `<<SEP>>`, 1 from it on. With an `<<EXAMPLE>>`, 2 from the first token on that is *not* one, because the
  /// package takes `argmin` where it means `argmax`: nearly always that is everything.
  func ids(of inputIDs: [Int32]) -> [Int] {
    let textStart = inputIDs.firstIndex { Int($0) == separator } ?? 0
    var ids = inputIDs.indices.map { $0 < textStart ? 0 : 1 }
    if inputIDs.contains(where: { Int($0) == example }) {
      let exampleStart = inputIDs.firstIndex { Int($0) != example } ?? 0
      for position in exampleStart..<ids.count { ids[position] = 2 }
    }
    return ids
  }
}

/// The relative embeddings as every layer reads them (`get_rel_embedding`): 2 · span rows.
struct ReferenceRelativeEmbeddings: Sendable {
  let states: ReferenceMatrix

  init(_ loader: WeightLoader, _ encoder: EncoderConfiguration) throws(ReferenceModelError) {
    let rows = try loader.matrix(ReferenceTensors.relative)
    states =
      encoder.normalizesRelativeEmbeddings
      ? try loader.norm(ReferenceTensors.relativeNorm, epsilon: encoder.layerNormEpsilon)(rows) : rows
  }
}
