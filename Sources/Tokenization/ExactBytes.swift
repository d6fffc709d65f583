extension String {
  /// A string compared by its bytes: Swift's own `==` takes canonically equivalent strings for equal, and the model does
  /// not.
  struct ExactBytes: Hashable {
    let string: String

    init(_ string: String) { self.string = string }

    static func == (left: Self, right: Self) -> Bool { left.string.utf8.elementsEqual(right.string.utf8) }

    func hash(into hasher: inout Hasher) {
      var string = string
      string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

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
