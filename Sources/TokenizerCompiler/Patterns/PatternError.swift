/// Why a pattern was not compiled.
package struct PatternError: Error, Equatable {
  /// What was found, as it is written in the pattern where it can be shown: `a lazy quantifier "*?"`.
  package let construct: String
  /// Characters of the pattern before the construct; `nil` where it is the whole pattern.
  package let position: Int?
  /// Why that does not compile.
  package let reason: String

  package init(construct: String, position: Int?, reason: String) {
    self.construct = construct
    self.position = position
    self.reason = reason
  }

  /// A pattern that is refused as a whole.
  static func whole(_ reason: String) -> PatternError {
    PatternError(construct: "a pattern", position: nil, reason: reason)
  }

  /// The construct, its place (counted from 1) and the reason, on one line.
  package var message: String {
    guard let position else { return "\(construct) \(reason)" }
    return "\(construct) at character \(position + 1) \(reason)"
  }
}
