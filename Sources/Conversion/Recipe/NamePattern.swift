/// A pattern of names: `*` stands for any text, dots included, `?` for one character.
struct NamePattern {
  private let pattern: [Unicode.Scalar]

  init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

  /// Whether `name` matches as a whole. Takes time in proportion to both lengths multiplied, whatever the pattern.
  func matches(_ name: some StringProtocol) -> Bool {
    let name = Array(name.unicodeScalars)
    var (position, index) = (0, 0)
    // The last star, and where what it stands for would end next.
    var retry: (position: Int, index: Int)?
    while index < name.count {
      if position < pattern.count, pattern[position] == "*" {
        retry = (position + 1, index)
        position += 1
      } else if position < pattern.count, pattern[position] == "?" || pattern[position] == name[index] {
        position += 1
        index += 1
      } else if let last = retry {
        retry = (last.position, last.index + 1)
        (position, index) = (last.position, last.index + 1)
      } else {
        return false
      }
    }
    return pattern[position...].allSatisfy { $0 == "*" }
  }
}

extension RecipeOverride {
  /// Whether the pattern names this row, by any of its names.
  package func matches(_ row: TensorRow) -> Bool {
    let pattern = NamePattern(pattern)
    let (whole, root) = (row.source[...], "model.")
    let model = whole.hasPrefix(root) ? whole.dropFirst(root.count) : whole
    let encoder = model.hasPrefix("encoder_model.") ? model.dropFirst("encoder_model.".count) : model
    return [row.name[...], whole, model, encoder].contains { pattern.matches($0) }
  }
}
