import Tokenization

/// A set of scalars as a pattern names it: by ranges and by property bits.
struct ScalarSet: Hashable {
  /// Scalars that have one of the bits of `mask`, or have none of them.
  struct PropertyTest: Hashable {
    let mask: UInt32
    let isNegated: Bool
  }

  var ranges: [ClosedRange<UInt32>] = []
  var tests: [PropertyTest] = []
  /// Whether the set holds what the ranges and tests do not.
  var isNegated = false

  init() {}

  init(_ scalar: UInt32) { ranges = [scalar...scalar] }

  init(anyOf mask: UInt32, isNegated: Bool = false) { tests = [PropertyTest(mask: mask, isNegated: isNegated)] }

  /// Whether the set holds `scalar`, which has the property bits `properties`.
  func contains(_ scalar: UInt32, properties: UInt32) -> Bool {
    let isNamed = ranges.contains { $0.contains(scalar) }
    return (isNamed || hasTest(for: properties)) != isNegated
  }

  /// Whether the set holds the scalars with the bits `properties` that it does not name.
  func containsUnnamed(properties: UInt32) -> Bool { hasTest(for: properties) != isNegated }

  private func hasTest(for properties: UInt32) -> Bool {
    tests.contains { (properties & $0.mask != 0) != $0.isNegated }
  }

  var complement: ScalarSet {
    var set = self
    set.isNegated.toggle()
    return set
  }

  /// All scalars but the newline, which `.` stands for.
  static let notNewline = ScalarSet(0x0A).complement

  /// The ASCII letter `scalar` in both cases, and what else folds to it (ſ to s, the Kelvin sign to k); any other ASCII
  /// scalar alone.
  static func foldedRanges(_ scalar: UInt32) -> [ClosedRange<UInt32>] {
    let lower = scalar | 0x20
    guard (0x61...0x7A).contains(lower) else { return [scalar...scalar] }
    var ranges = [lower...lower, lower - 0x20...lower - 0x20]
    if lower == 0x73 { ranges.append(0x17F...0x17F) }
    if lower == 0x6B { ranges.append(0x212A...0x212A) }
    return ranges
  }
}
