import ModelCore
import TokenizerCompiler

/// Which tokens a smaller vocabulary keeps: what any of these calls for, and what is always kept. Nothing is left out where neither
/// files nor scripts are named.
public struct VocabularyOptions: Sendable, Equatable {
  /// Files of texts, whose tokens are kept, or of pieces; which of the two shows in their names (docs/tokenizers.md).
  public var files: [String] = []
  /// Scripts whose pieces are kept: names of Unicode, or codes of ISO 15924.
  public var scripts: [String] = []
  /// Labels that prompts will have, beside those in ``files``.
  public var labels: [String] = []
  /// Files of texts of which it is only counted how many change.
  public var measured: [String] = []

  /// Keeps everything, until told otherwise.
  public init() {}

  /// Whether the vocabulary stays as it is.
  public var isEmpty: Bool { files.isEmpty && scripts.isEmpty }

  /// Looks at names alone: what can be said before anything is read.
  /// - Throws: ``VocabularyError/unknownScript(name:)``, ``VocabularyError/unknownForm(path:expected:)``.
  public func check() throws(VocabularyError) {
    _ = try scriptSelection()
    for path in files { _ = try VocabularyFileForm(path: path) }
    for path in measured { _ = try VocabularyFileForm(corpus: path) }
  }

  /// The scripts, `nil` where none are named.
  func scriptSelection() throws(VocabularyError) -> ScriptSelection? {
    guard !scripts.isEmpty else { return nil }
    do throws(ScriptSelection.Unknown) {
      return try ScriptSelection(scripts)
    } catch {
      throw .unknownScript(name: error.name)
    }
  }
}

/// What a file that says which tokens to keep is: its name says so, whatever is in it.
enum VocabularyFileForm: Equatable {
  /// A text a line.
  case lines
  /// Objects with texts and labels, one a line or in an array.
  case json
  /// A piece a line.
  case pieces
  /// The pieces of another `.glc`.
  case model

  init(path: String) throws(VocabularyError) {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    switch name.split(separator: ".", omittingEmptySubsequences: false).last.map({ $0.lowercased() }) {
    case "jsonl", "json", "ndjson": self = .json
    case "pieces", "vocab": self = .pieces
    case "glc": self = .model
    // Its quotes and separators would be taken for text.
    case "csv", "tsv", "tab":
      throw .unknownForm(path: path, expected: "a text a line, .jsonl, .pieces or .glc")
    default: self = .lines
    }
  }

  /// - Throws: ``VocabularyError/unknownForm(path:expected:)`` also for files of pieces.
  init(corpus path: String) throws(VocabularyError) {
    guard let form = try? Self(path: path), form.isCorpus else {
      throw .unknownForm(path: path, expected: "texts: one a line, or .jsonl")
    }
    self = form
  }

  /// Whether it holds texts.
  var isCorpus: Bool { self == .lines || self == .json }
}
