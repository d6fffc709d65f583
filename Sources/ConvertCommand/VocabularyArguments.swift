import ArgumentParser
import Conversion
import ModelCore

/// Which tokens of the vocabulary are kept.
struct VocabularyArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep only tokens that these texts and their labels use; may be given again. A .jsonl or .json file holds objects with text and labels, "
        + "a .pieces or .vocab file a piece a line, a .glc its own pieces, any other file a text a line.",
      valueName: "corpus"))
  var keepVocab: [String] = []

  @Option(
    help: ArgumentHelp(
      "Keep only pieces of these scripts, as latin,cyrillic, and what --keep-vocab keeps.", valueName: "scripts"))
  var keepScripts: String?

  @Option(
    help: ArgumentHelp(
      "Labels that prompts will have, beside those in the file of --keep-vocab; their tokens are kept, too.",
      valueName: "a,b,c"))
  var keepLabels: String?

  func validate() throws {
    if keepScripts != nil, Self.list(keepScripts).isEmpty {
      throw ValidationError("--keep-scripts names scripts, as latin,cyrillic.")
    }
    guard keepLabels == nil || !keepVocab.isEmpty || keepScripts != nil else {
      throw ValidationError("--keep-labels adds to --keep-vocab or --keep-scripts.")
    }
    do throws(VocabularyError) { try options.check() } catch { throw ValidationError(error.message) }
  }

  var options: VocabularyOptions {
    var options = VocabularyOptions()
    options.files = keepVocab
    options.scripts = Self.list(keepScripts)
    options.labels = Self.list(keepLabels)
    return options
  }

  /// What stands between commas, without the white space around it.
  private static func list(_ text: String?) -> [String] {
    (text ?? "").split(separator: ",").map { part in
      let text = part.drop(while: \.isWhitespace)
      return String(text.prefix(text.count - text.reversed().prefix(while: \.isWhitespace).count))
    }
  }
}

extension PruningReport {
  /// What was kept, and what becomes of texts, one row a fact.
  var facts: [(name: String, text: String)] {
    let saved = savedTableBytes + tokenizerSize.full - tokenizerSize.pruned
    var facts = [
      (
        "tokens",
        "\(tokens.kept) of \(tokens.of) kept, \(alwaysKept) of them in any case; \(rows.kept) of \(rows.of) rows, "
          + "\(Formatting.size(saved)) less"
      )
    ]
    if !scripts.isEmpty { facts.append(("scripts", scripts.joined(separator: ", "))) }
    for file in files where file.pieces > 0 { facts.append(("pieces", "\(file.pieces) in \(file.path)")) }
    for change in changes {
      var text = "\(change.changedTexts) of \(change.texts) texts have other tokens"
      if change.labels > 0 { text += ", \(change.changedLabels) of \(change.labels) labels" }
      facts.append(("texts", "\(change.path): \(text)"))
    }
    if let expectedChange {
      let percent = Formatting.decimals(100 * expectedChange, 1)
      facts.append(("new texts", "of their kind: about \(percent) % will have other tokens"))
    }
    return facts
  }
}
