extension String {
  /// Whether the bytes of `other`, which is not empty, occur in this string.
  func containsBytes(of other: String) -> Bool {
    var (text, other) = (self, other)
    return text.withUTF8 { text in
      other.withUTF8 { pattern in
        guard let first = pattern.first, text.count >= pattern.count else { return false }
        for start in 0...text.count - pattern.count where text[start] == first {
          if text[start..<start + pattern.count].elementsEqual(pattern) { return true }
        }
        return false
      }
    }
  }
}
