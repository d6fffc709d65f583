/// A string compared by its bytes: Swift's own `==` takes canonically equivalent strings for equal, and neither JSON nor
/// the models do.
package struct ExactBytes: Hashable {
  /// The string.
  package let string: String

  /// Compares `string` by its UTF-8.
  package init(_ string: String) { self.string = string }

  package static func == (left: Self, right: Self) -> Bool { left.string.utf8.elementsEqual(right.string.utf8) }

  package func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
