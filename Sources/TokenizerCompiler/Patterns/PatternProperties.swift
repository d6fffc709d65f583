import Tokenization

/// The property sets that patterns are compiled against: what parts 19, 20 and 21 say.
package protocol PatternProperties {
  /// The bits of every set, by its number.
  var sets: [UInt32] { get }

  /// The number of the set of `scalar`.
  func setNumber(of scalar: UInt32) -> UInt8
}

extension PatternProperties {
  /// The property bits of `scalar`.
  func properties(of scalar: UInt32) -> UInt32 {
    let number = Int(setNumber(of: scalar))
    return number < sets.count ? sets[number] : 0
  }
}
