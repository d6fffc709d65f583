import ModelCore
import TokenizerCompiler

/// Texts by a tokenizer, and by the same with fewer tokens.
struct VocabularyComparison {
  private let full: CorpusEncoder
  private let pruned: CorpusEncoder
  /// The number of every token that is kept, by the one it had; −1 for the others.
  private let numbers: [Int32]

  /// - Parameter kept: the tokens that are kept, ascending.
  init(_ full: CorpusEncoder, _ pruned: CorpusEncoder, kept: [Int]) {
    self.full = full
    self.pruned = pruned
    var numbers = [Int32](repeating: -1, count: (kept.last ?? -1) + 1)
    for (number, id) in kept.enumerated() { numbers[id] = Int32(clamping: number) }
    self.numbers = numbers
  }

  /// Counts the texts and labels of a corpus that have other tokens now.
  /// - Throws: ``VocabularyError``; `disagreement` where such a text had no token that is gone.
  func changes(
    of path: String, _ prompt: CorpusPrompt, progress: (Int) -> Void
  ) throws(VocabularyError) -> PruningReport.Change {
    var corpus = try CorpusText(path, prompt)
    var change = PruningReport.Change(path: path)
    while let next = try corpus.next() {
      let isChanged = try changes(next.input, path, next.line)
      if next.isLabel {
        change.labels += 1
        change.changedLabels += isChanged ? 1 : 0
      } else {
        change.texts += 1
        change.changedTexts += isChanged ? 1 : 0
      }
      if let bytes = corpus.newlyRead { progress(bytes) }
    }
    return change
  }

  private func changes(_ input: [UInt8], _ path: String, _ line: Int) throws(VocabularyError) -> Bool {
    try full.encode(input, path: path, line: line)
    let isWhole = full.ids.allSatisfy { numbers.indices.contains(Int($0)) && numbers[Int($0)] >= 0 }
    guard isWhole else { return true }
    try pruned.encode(input, path: path, line: line)
    let isEqual =
      full.ids.count == pruned.ids.count && zip(full.ids, pruned.ids).allSatisfy { numbers[Int($0)] == $1 }
    guard isEqual else { throw .disagreement(path: path, line: line) }
    return false
  }
}
