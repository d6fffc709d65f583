import ModelCore

/// The rows that stand for the labels (`_extract_class_features` of `model.py`).
struct ReferenceClassFeatures: Sendable {
  private let pooling: ClassPooling
  private let embedsClassToken: Bool
  /// Where the tokens of the last label end; `nil` where that is the end of the input.
  private let separator: Int?

  init(_ configuration: ModelConfiguration) {
    pooling = configuration.head.classPooling
    embedsClassToken = configuration.head.embedsClassToken
    separator = configuration.head.extractsText ? configuration.prompt.separatorTokenID : nil
  }

  /// One row for each of the first `count` labels, wherever their `<<LABEL>>` is; zeros for those that have none.
  /// - Parameter starts: where the `<<LABEL>>` tokens are.
  func callAsFunction(
    _ states: ReferenceMatrix, _ inputIDs: [Int32], starts: [Int], count: Int
  ) -> ReferenceMatrix {
    let rows = (0..<count).map { index in
      guard index < starts.count else { return ReferenceMatrix(rows: 1, columns: states.columns) }
      let next = index + 1 < starts.count ? starts[index + 1] : inputIDs.count
      return pooling == .first
        ? first(states, starts[index]) : average(states, from: starts[index], to: min(next, textStart(inputIDs)))
    }
    return ReferenceMatrix(rows: count, columns: states.columns, values: rows.flatMap(\.values))
  }

  /// `_extract_class_features_first`: the label token, or the one after it; zeros beyond the end.
  private func first(_ states: ReferenceMatrix, _ start: Int) -> ReferenceMatrix {
    let position = embedsClassToken ? start : start + 1
    return states.selecting(rows: position..<position + 1)
  }

  /// `_extract_class_features_averaged`: the mean of the tokens, with or without the label token; zeros where there is none.
  private func average(_ states: ReferenceMatrix, from start: Int, to end: Int) -> ReferenceMatrix {
    let first = embedsClassToken ? start : start + 1
    guard first < end else { return ReferenceMatrix(rows: 1, columns: states.columns) }
    return states.selecting(rows: first..<end).pooled(by: .average)
  }

  private func textStart(_ inputIDs: [Int32]) -> Int {
    inputIDs.firstIndex { Int($0) == separator } ?? inputIDs.count
  }
}
