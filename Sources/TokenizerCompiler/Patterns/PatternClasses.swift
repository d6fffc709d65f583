import Tokenization

/// Scalars by class: those that no set of a pattern tells apart share one.
struct PatternClasses {
  /// The class of every ASCII scalar.
  private(set) var ascii: [UInt8] = []
  /// The class of every other scalar, by the number of its property set.
  private(set) var bySet: [UInt8] = []
  /// Scalars beyond ASCII with another class than that of their property set, ascending.
  private(set) var exceptions: [(scalar: UInt32, number: UInt8)] = []
  /// For every class, whether each set of the pattern holds its scalars.
  private(set) var membership: [[Bool]] = []
  private var numbers: [[Bool]: UInt8] = [:]

  var count: Int { membership.count }

  /// Classes for the sets that a pattern names.
  /// - Throws: ``PatternError`` where there are more classes or exceptions than the format has.
  init(of sets: [ScalarSet], _ properties: some PatternProperties) throws(PatternError) {
    for scalar in UInt32(0)..<0x80 {
      let bits = properties.properties(of: scalar)
      ascii.append(try number(sets.map { $0.contains(scalar, properties: bits) }))
    }
    // Set numbers that nothing has act as sets without properties.
    for index in 0..<SectionLayout.maximumPropertySets {
      let bits = index < properties.sets.count ? properties.sets[index] : 0
      bySet.append(try number(sets.map { $0.containsUnnamed(properties: bits) }))
    }
    for scalar in try Self.namedScalars(in: sets) {
      let set = properties.setNumber(of: scalar)
      let bits = properties.properties(of: scalar)
      let number = try number(sets.map { $0.contains(scalar, properties: bits) })
      if number != bySet[Int(set)] { exceptions.append((scalar, number)) }
    }
  }

  /// The class of the scalars that exactly these sets hold.
  private mutating func number(_ membership: [Bool]) throws(PatternError) -> UInt8 {
    if let number = numbers[membership] { return number }
    guard count < PatternLayout.maximumClasses else {
      throw .whole("that tells apart more than \(PatternLayout.maximumClasses) classes of characters is not supported")
    }
    let number = UInt8(count)
    numbers[membership] = number
    self.membership.append(membership)
    return number
  }

  /// The scalars beyond ASCII in the ranges of `sets`, ascending.
  private static func namedScalars(in sets: [ScalarSet]) throws(PatternError) -> [UInt32] {
    var named: Set<UInt32> = []
    for range in sets.lazy.flatMap(\.ranges) where range.upperBound >= 0x80 {
      let beyond = max(range.lowerBound, 0x80)...range.upperBound
      if beyond.count <= PatternLayout.maximumExceptions { named.formUnion(beyond) }
      guard beyond.count <= PatternLayout.maximumExceptions, named.count <= PatternLayout.maximumExceptions else {
        throw .whole("that names more than \(PatternLayout.maximumExceptions) characters beyond ASCII is not supported")
      }
    }
    return named.filter { !(0xD800...0xDFFF).contains($0) }.sorted()
  }
}
