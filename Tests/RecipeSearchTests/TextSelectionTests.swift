import DataSets
import Foundation
import RecipeSearch
import TestSupport
import Testing

/// Which half a text belongs to.
@Suite struct TextSelectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func data(_ texts: [String], name: String = "data.jsonl") throws -> DataIndex {
    let path = folder.file(name)
    let lines = texts.enumerated().map { index, text in
      "{\"text\": \"\(text)\", \"all_labels\": [\"a\", \"b\(index)\"], \"true_labels\": [\"a\"]}"
    }
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return try DataIndex(path: path)
  }

  /// Python: `hashlib.sha256(text.encode()).digest()[15] % 2`.
  @Test(arguments: [("", 0), ("abc", 1), ("This is a text.", 0), ("Zwölf Boxkämpfer", 0), ("e\u{301}", 1)])
  func halvesAreThoseOfSHA256(_ text: String, _ bit: Int) {
    #expect(TextDigest(text).half == (bit == 0 ? .comparison : .judgement), "\(text)")
  }

  @Test func halvesAreDisjointAndHoldEverything() throws {
    let texts = (0..<200).map { "text number \($0)" }
    let selection = try TextSelection(try data(texts))
    #expect(Set(selection.comparison).isDisjoint(with: selection.judgement))
    #expect((selection.comparison + selection.judgement).sorted() == Array(0..<200))
    #expect(selection.all.sorted() == Array(0..<200))
    #expect((70...130).contains(selection.comparison.count))
    // In the order of the digests: each half is what is left of all.
    let comparison = Set(selection.comparison)
    #expect(selection.all.filter(comparison.contains) == selection.comparison)
    #expect(selection.all != selection.all.sorted())
  }

  @Test func equalTextsStayTogether() throws {
    let texts = (0..<50).map { "text number \($0 % 10)" }
    let selection = try TextSelection(try data(texts))
    for half in [selection.comparison, selection.judgement] {
      let own = Set(half.map { texts[$0] })
      #expect(half.count == 5 * own.count)
      // The same text in the order of the file.
      for text in own {
        let positions = half.filter { texts[$0] == text }
        #expect(positions == positions.sorted())
      }
    }
  }

  @Test func theOrderOfTheFileDoesNotMatter() throws {
    let texts = (0..<60).map { "text number \($0)" }
    let first = try TextSelection(try data(texts))
    let second = try TextSelection(try data(texts.reversed(), name: "reversed.jsonl"))
    #expect(first.all.map { texts[$0] } == second.all.map { texts.reversed()[$0] })
    #expect(first.judgement.map { texts[$0] } == second.judgement.map { texts.reversed()[$0] })
  }

  @Test func examplesComeInTheOrderAskedFor() throws {
    let texts = (0..<20).map { "text number \($0)" }
    let data = try data(texts)
    let examples = try TextSelection.examples([7, 3, 19, 0], of: data)
    #expect(examples.map(\.text) == [7, 3, 19, 0].map { texts[$0] })
    #expect(examples.map(\.line) == [8, 4, 20, 1])
    #expect(try TextSelection.examples([], of: data).isEmpty)
  }
}
