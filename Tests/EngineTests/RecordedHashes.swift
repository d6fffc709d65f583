import Foundation
import TestSupport

/// A row of the table in docs/arm64.md: one program on one instruction set, and the hash of its logits by recipe.
struct RecordedHashes {
  var set: String
  var hashes: [String: String]

  /// The rows between the marks that `Scripts/arm64 --record` writes.
  static func read() throws -> [Self] {
    let text = try String(contentsOf: Fixtures.top.appending(path: "docs/arm64.md"), encoding: .utf8)
    let lines = text.split(separator: "\n")
      .drop { !$0.hasPrefix("<!-- hashes -->") }.dropFirst().prefix { !$0.hasPrefix("<!-- end") }
    let rows = lines.filter { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    }
    guard let header = rows.first else { return [] }
    return rows.dropFirst(2).filter { $0.first == "logit-hashes" }.map { row in
      let cells = Dictionary(zip(header, row)) { first, _ in first }
      return Self(set: cells["instruction set"] ?? "", hashes: cells.filter { ["q8", "q4", "f32"].contains($0.key) })
    }
  }
}
