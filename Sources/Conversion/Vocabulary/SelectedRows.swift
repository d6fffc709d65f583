import GLCFormat

/// Some rows of a matrix, as if they were all: the rest is not read.
struct SelectedRows<Source: RowSource>: RowSource {
  private let source: Source
  private let originals: [UInt32]

  /// The rows of `source`, a table of embeddings, that `map` names; all of which it must have.
  init(_ source: Source, _ map: VocabularyMap) {
    precondition(map.originals.last.map { Int($0) < source.rows } ?? true, "rows beyond the table")
    self.source = source
    originals = map.originals
  }

  var rows: Int { originals.count }
  var columns: Int { source.columns }

  func sourceRow(of row: Int) -> Int { Int(originals[row]) }

  /// Rows that are neighbours are read at once.
  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    var start = range.lowerBound
    while start < range.upperBound {
      let first = Int(originals[start])
      var end = start + 1
      while end < range.upperBound, Int(originals[end]) == first + end - start { end += 1 }
      let values = (start - range.lowerBound) * columns..<(end - range.lowerBound) * columns
      try source.read(first..<first + end - start, into: UnsafeMutableBufferPointer(rebasing: destination[values]))
      start = end
    }
  }
}

extension TensorRow {
  /// The name of the table of tokens.
  static let tokenTable = "embeddings.tokens"

  /// The table of tokens with the rows of `map` alone; other tensors, and all without a map, as they are.
  func pruned(to map: VocabularyMap?) -> TensorRow {
    guard let map, name == Self.tokenTable else { return self }
    return TensorRow(name, source, role, [map.count] + shape.dropFirst(), sourceShape: sourceShape)
  }
}
