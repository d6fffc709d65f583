import DataSets
import ModelCore

/// Which texts of a data set come first, by their digests: the same for everybody, and fewer are always the first of more.
package struct TextSelection: Sendable {
  /// Positions in the data set, those with the smallest digests first; equal texts in the order of the file.
  package let all: [Int]
  /// The same of each half.
  package let comparison: [Int]
  package private(set) var judgement: [Int]
  /// By position.
  private let digests: [TextDigest]

  /// Reads the whole file.
  package init(_ data: DataIndex) throws(RecipeSearchError) {
    var digests: [TextDigest] = []
    digests.reserveCapacity(data.count)
    try lifting { () throws(DataSetError) in
      var reader = try data.reader()
      while let example = try reader.next() { digests.append(TextDigest(example.text)) }
    }
    self.digests = digests
    let order = digests.indices.sorted { (digests[$0], $0) < (digests[$1], $1) }
    all = order
    comparison = order.filter { digests[$0].half == .comparison }
    judgement = order.filter { digests[$0].half == .judgement }
  }

  /// Takes texts out of those to judge by that something has been looked at already.
  package mutating func judge(without texts: [TextDigest]) {
    let known = Set(texts)
    judgement = judgement.filter { !known.contains(digests[$0]) }
  }

  /// The texts at `positions`, in that order: one more pass over the file.
  package static func examples(
    _ positions: [Int], of data: DataIndex
  ) throws(RecipeSearchError) -> [DataExample] {
    let places = Dictionary(positions.enumerated().map { ($1, $0) }) { first, _ in first }
    var found: [(place: Int, example: DataExample)] = []
    try lifting { () throws(DataSetError) in
      var reader = try data.reader()
      var position = 0
      while found.count < places.count, let example = try reader.next() {
        if let place = places[position] { found.append((place, example)) }
        position += 1
      }
    }
    // A file that became shorter meanwhile.
    guard found.count == positions.count else { throw .changed(path: data.path) }
    return found.sorted { $0.place < $1.place }.map(\.example)
  }
}
