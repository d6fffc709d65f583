import Synchronization
import Tokenization

/// Properties of scalars and mappings between them, as parts 19 to 24 hold them (formats/tokenizer.md, "Properties and
/// mappings"). The same on every machine; the properties do not depend on which mappings are asked for.
package struct UnicodeTables: Sendable {
  /// Part 19: u16 block numbers.
  package let index: [UInt8]
  /// Part 20: set numbers.
  package let blocks: [UInt8]
  /// Part 21. Set 0 is that of a scalar without any property.
  package let sets: [UInt32]
  /// Part 22; empty where no mapping is asked for.
  package let mappingTrie: [UInt32]
  /// Part 23; empty where no mapping is asked for.
  package let textOffsets: [UInt32]
  /// Part 24.
  package let texts: [UInt8]

  /// For the header's field at 116.
  package static var normalizationVersion: (UInt8, UInt8, UInt8) { ScalarMappingData.normalizationVersion }
  /// For the header's field at 120.
  package static var propertyVersion: (UInt8, UInt8, UInt8) { ScalarPropertyData.patternVersion }

  /// The tables, with those of the mappings that are in `mappings`.
  package static func make(mappings: Set<SectionLayout.Mapping>) -> UnicodeTables {
    made.withLock { made in
      if let tables = made[mappings] { return tables }
      let tables = UnicodeTables(mappings)
      made[mappings] = tables
      return tables
    }
  }

  /// Whoever compiles one tokenizer may compile many: there are few kinds.
  private static let made = Mutex<[Set<SectionLayout.Mapping>: UnicodeTables]>([:])

  private init(_ mappings: Set<SectionLayout.Mapping>) {
    let (canonical, compatibility, lowercase) = (Self.canonical, Self.compatibility, Self.lowercase)
    var keys = MappingKeys()
    if mappings.contains(.canonicalDecomposition) {
      for (scalar, text) in canonical.decompositions { keys.add(.canonicalDecomposition, scalar, text[...]) }
    }
    if mappings.contains(.compatibilityDecomposition) {
      for (number, scalar) in compatibility.scalars.enumerated() {
        keys.add(.compatibilityDecomposition, scalar, compatibility[number])
      }
    }
    if mappings.contains(.lowercase) {
      for (number, scalar) in lowercase.scalars.enumerated() { keys.add(.lowercase, scalar, lowercase[number]) }
    }
    if mappings.contains(.composition) {
      for (first, second, composite) in canonical.compositions { keys.add(first, second, composite) }
    }
    self.init(Self.properties, keys, isEmpty: mappings.isEmpty)
  }

  // What is decoded from data, once for all tokenizers.
  private static let canonical = CanonicalMapping()
  private static let compatibility = ScalarMapping(ScalarMappingData.compatibility)
  private static let lowercase = ScalarMapping(ScalarMappingData.lowercase)
  private static let properties = PropertyTable(canonical, compatibility, lowercase)

  private init(_ properties: PropertyTable, _ keys: MappingKeys, isEmpty: Bool) {
    index = properties.index.flatMapBytes { $0 }
    blocks = properties.blocks
    sets = properties.sets
    guard let trie = keys.trie() else { preconditionFailure("the mapping trie is too large") }
    mappingTrie = trie
    textOffsets = isEmpty ? [] : keys.textOffsets
    texts = keys.texts
  }

  /// The number of the property set of `scalar`.
  package func setNumber(of scalar: UInt32) -> UInt8 {
    let entry = 2 * Int(scalar >> 7)
    guard entry + 1 < index.count else { return 0 }
    return blocks[(Int(index[entry]) | Int(index[entry + 1]) << 8) << 7 | Int(scalar & 127)]
  }
}

/// The property set of every scalar.
private struct PropertyTable {
  /// For every 128 scalars the number of their block.
  private(set) var index: [UInt16] = []
  /// Blocks of set numbers, each once, in the order of first use.
  private(set) var blocks: [UInt8] = []
  /// The sets that are in use, in the order of first use behind the empty one.
  private(set) var sets: [UInt32] = [0]

  private static let scalarCount = 0x11_0000

  init(_ canonical: CanonicalMapping, _ compatibility: ScalarMapping, _ lowercase: ScalarMapping) {
    typealias Property = SectionLayout.Property
    var properties = [UInt32](repeating: 0, count: Self.scalarCount)
    Self.fill(&properties, ScalarPropertyData.runs, valueBits: 9, shift: 0)
    Self.fill(
      &properties, ScalarPropertyData.combiningClasses, valueBits: 8, shift: Property.combiningClassShift)
    for (scalar, _) in canonical.decompositions { properties[Int(scalar)] |= Property.decomposes }
    for scalar in compatibility.scalars { properties[Int(scalar)] |= Property.decomposesCompatibly }
    for scalar in lowercase.scalars { properties[Int(scalar)] |= Property.hasLowercase }
    for pair in canonical.compositions { properties[Int(pair.second)] |= Property.composesWithPrevious }
    cut(properties)
  }

  /// Adds the values of `runs` (first scalar and value in `valueBits` bits), except 0, to all scalars of each run.
  private static func fill(_ properties: inout [UInt32], _ runs: [UInt32], valueBits: UInt32, shift: UInt32) {
    properties.withUnsafeMutableBufferPointer { properties in
      for (position, run) in runs.enumerated() {
        let value = run & (1 << valueBits - 1)
        if value == 0 { continue }
        let end = position + 1 < runs.count ? Int(runs[position + 1] >> valueBits) : scalarCount
        for scalar in Int(run >> valueBits)..<end { properties[scalar] |= value << shift }
      }
    }
  }

  private mutating func cut(_ properties: [UInt32]) {
    let size = SectionLayout.scalarBlockSize
    var setNumbers: [UInt32: UInt8] = [0: 0]
    var blockNumbers: [[UInt8]: UInt16] = [:]
    var block = [UInt8](repeating: 0, count: size)
    properties.withUnsafeBufferPointer { properties in
      for start in stride(from: 0, to: properties.count, by: size) {
        // Most blocks are like the one before, throughout: unassigned or ideographs.
        if start > 0, properties[start - size..<start].elementsEqual(properties[start..<start + size]),
          let last = index.last
        {
          index.append(last)
          continue
        }
        var (set, number): (UInt32, UInt8) = (0, 0)
        for offset in 0..<size {
          if properties[start + offset] != set {
            set = properties[start + offset]
            number = setNumber(of: set, &setNumbers)
          }
          block[offset] = number
        }
        let blockNumber = blockNumbers[block] ?? UInt16(blockNumbers.count)
        if blockNumbers.updateValue(blockNumber, forKey: block) == nil { blocks += block }
        index.append(blockNumber)
      }
    }
  }

  private mutating func setNumber(of set: UInt32, _ numbers: inout [UInt32: UInt8]) -> UInt8 {
    if let known = numbers[set] { return known }
    precondition(sets.count < SectionLayout.maximumPropertySets, "more property sets than a byte counts")
    let number = UInt8(sets.count)
    numbers[set] = number
    sets.append(set)
    return number
  }
}

/// Keys of the mapping trie, and the texts that its values count.
private struct MappingKeys {
  private var text: [UInt8] = []
  private var offsets: [UInt32] = [0]
  private var values: [UInt32] = []
  private(set) var texts: [UInt8] = []
  private(set) var textOffsets: [UInt32] = [0]
  private var textNumbers: [[UInt8]: UInt32] = [:]

  /// Adds what `scalar` becomes. Equal texts are kept once, in the order of first use.
  mutating func add(_ mapping: SectionLayout.Mapping, _ scalar: UInt32, _ scalars: ArraySlice<UInt32>) {
    var bytes: [UInt8] = []
    for part in scalars { Self.append(part, to: &bytes) }
    text.append(mapping.rawValue)
    Self.append(scalar, to: &text)
    let number = textNumbers[bytes] ?? UInt32(textNumbers.count)
    if textNumbers.updateValue(number, forKey: bytes) == nil {
      texts += bytes
      textOffsets.append(UInt32(texts.count))
    }
    close(value: number)
  }

  /// Adds a composition.
  mutating func add(_ first: UInt32, _ second: UInt32, _ composite: UInt32) {
    text.append(SectionLayout.Mapping.composition.rawValue)
    Self.append(first, to: &text)
    Self.append(second, to: &text)
    close(value: composite)
  }

  private mutating func close(value: UInt32) {
    offsets.append(UInt32(text.count))
    values.append(value)
  }

  private static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(scalar) else { preconditionFailure("a mapping leads to a surrogate") }
    bytes += UTF8.encode(scalar) ?? .init()
  }

  func trie() -> [UInt32]? { DoubleArrayBuilder.build(text: text, offsets: offsets, values: values) }
}
