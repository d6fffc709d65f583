import Foundation
import TestSupport

/// The table in docs/arm64.md: what the logits of each instruction set came to, by recipe.
enum RecordedHashes {
  /// The rows of `logit-hashes` between the marks that `Scripts/arm64 --record` writes, each by column.
  static func read() throws -> [[String: String]] {
    let text = try String(contentsOf: Fixtures.top.appending(path: "docs/arm64.md"), encoding: .utf8)
    let lines = text.split(separator: "\n")
      .drop { !$0.hasPrefix("<!-- hashes -->") }.dropFirst().prefix { !$0.hasPrefix("<!-- end") }
    let rows = lines.filter { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    }
    guard let header = rows.first else { return [] }
    return rows.dropFirst(2).filter { $0.first == "logit-hashes" }.map { row in
      Dictionary(zip(header, row)) { first, _ in first }
    }
  }
}
