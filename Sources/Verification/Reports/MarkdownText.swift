import ModelCore

/// Text that may stand in GitHub's Markdown, in a cell of a table too.
enum MarkdownText {
  /// `text` as words: nothing in it is read as markup, and nobody is mentioned.
  static func words(_ text: String) -> String {
    // GitHub looks for mentions, issues and addresses in what has been rendered: an entity alone would not keep it from them.
    escaped(text.legible, separating: ["@", "#"])
  }

  /// `text` from elsewhere, set as code, where GitHub looks for nothing.
  static func code(_ text: String, limit: Int = 300) -> String {
    "<code>\(escaped(text.legible.cut(to: limit), separating: []))</code>"
  }

  private static func escaped(_ text: String, separating: Set<Unicode.Scalar>) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      // What begins markup somewhere in a line, or ends a cell. Entities do for all of them, backslashes not in code.
      case "&", "<", ">", "|", "`", "*", "_", "[", "]", "\\", "~", "$", "@", "#", "^", "!", ":", "\"":
        escaped += "&#\(scalar.value);"
        if separating.contains(scalar) { escaped += "\u{200B}" }
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped.replacing("www.", with: "www&#46;")
  }
}
