import ModelCore

/// The rows that stand for the text (`_extract_class_features` and `process_encoder_output` of `model.py`).
struct ReferenceTextFeatures: Sendable {
  private let head: HeadConfiguration
  private let separator: Int
  private let lstm: ReferenceLSTM?

  init(_ loader: WeightLoader, _ configuration: ModelConfiguration) throws(ReferenceModelError) {
    head = configuration.head
    separator = configuration.prompt.separatorTokenID
    lstm = head.usesLSTM ? try ReferenceLSTM(loader) : nil
  }

  /// The pooled text, and of how many of its rows the mask says that they are tokens.
  func callAsFunction(_ states: ReferenceMatrix, _ inputIDs: [Int32]) -> (rows: ReferenceMatrix, tokenCount: Int) {
    let start = head.extractsText ? inputIDs.firstIndex { Int($0) == separator } ?? 0 : 0
    let tokenCount = inputIDs.count - start
    // As many rows as tokens in the whole input: zeros beyond the end. Packing takes them away again.
    let rows =
      lstm.map { $0(states.selecting(rows: start..<inputIDs.count)) }
      ?? states.selecting(rows: start..<start + inputIDs.count)
    return (rows.pooled(by: head.pooling), tokenCount)
  }
}
