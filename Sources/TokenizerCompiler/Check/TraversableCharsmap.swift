import Tokenization

/// A `precompiled_charsmap` that libsentencepiece may follow: it checks no index, so every one it can reach is checked here.
///
/// It reads, for a text of any bytes but NUL, `array[position XOR byte]` at every node it gets to, and the value of every key on
/// the way; of those it keeps the longest.
struct TraversableCharsmap {
  /// The charsmap with the array padded with units that are no node, to a multiple of 256, and a NUL behind the texts.
  let bytes: [UInt8]
  /// The keys that are exactly one scalar, in the order of their bytes.
  private(set) var scalarKeys: [[UInt8]] = []
  private let units: [UInt32]
  private let texts: [UInt8]

  /// Keys are shorter than this: of the results of one search, the library's buffer holds as many.
  private static let maximumDepth = 32
  /// The real one takes 21,174.
  private static let maximumVisits = 1 << 18
  private static let blockSize = 256

  /// Checks the charsmap `bytes`.
  /// - Throws: what would lead the library astray.
  init(_ bytes: [UInt8]) throws(Charsmap.Invalid) {
    guard bytes.count > 4 else { throw Charsmap.Invalid(reason: "\(bytes.count) bytes") }
    func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) } }
    let size = Int(word(0))
    guard size >= 4, size % 4 == 0, size <= bytes.count - 4 else {
      throw Charsmap.Invalid(reason: "expected an array of at most \(bytes.count - 4) bytes, found \(size)")
    }
    var units = (0..<size / 4).map { word(4 + 4 * $0) }
    let padding = (Self.blockSize - units.count % Self.blockSize) % Self.blockSize
    units.append(contentsOf: repeatElement(0, count: padding))
    self.units = units
    texts = bytes[(4 + size)...] + [0]
    let array = bytes[4..<4 + size] + [UInt8](repeating: 0, count: 4 * padding)
    self.bytes = withUnsafeBytes(of: UInt32(array.count).littleEndian) { Array($0) } + array + texts
    try check()
    scalarKeys = findScalarKeys()
  }

  // MARK: Checking

  /// Visits every node at every depth it is found at, for nodes are shared.
  private func check() throws(Charsmap.Invalid) {
    var checkedTexts: Set<Int> = []
    var values: Set<Int> = []
    var visits = 0
    var level: Set<Int> = [Self.offset(units[0])]
    for depth in 0...Self.maximumDepth {
      if level.isEmpty { return }
      visits += level.count
      guard depth < Self.maximumDepth, visits <= Self.maximumVisits else { break }
      var next: Set<Int> = []
      for position in level {
        guard position | (Self.blockSize - 1) < units.count else {
          throw Charsmap.Invalid(reason: "a node beyond the array")
        }
        forEachChild(of: position) { child, isKey, _ in
          if isKey { values.insert(child) }
          next.insert(child)
        }
      }
      level = next
      for position in values {
        guard position < units.count else { throw Charsmap.Invalid(reason: "a value beyond the array") }
        try checkText(at: value(at: position), &checkedTexts)
      }
      values.removeAll(keepingCapacity: true)
    }
    throw Charsmap.Invalid(reason: "too many keys, or too long ones")
  }

  /// Lends `body` the children of the node at `position`, whose block lies within the array: where their own children are, whether a
  /// key ends there, and by which byte. The value of that key, if any, lies at the same place.
  private func forEachChild(of position: Int, _ body: (Int, Bool, UInt8) -> Void) {
    units.withUnsafeBufferPointer { units in
      var byte = 1
      while byte < Self.blockSize {
        let unit = units[position ^ byte]
        if unit & 0x8000_00FF == UInt32(truncatingIfNeeded: byte) {
          body(position ^ byte ^ Self.offset(unit), unit & 0x100 != 0, UInt8(truncatingIfNeeded: byte))
        }
        byte += 1
      }
    }
  }

  /// Finds the keys that are one scalar.
  private func findScalarKeys() -> [[UInt8]] {
    var keys: [[UInt8]] = []
    var visits = 0
    var pending: [(position: Int, prefix: [UInt8])] = [(Self.offset(units[0]), [])]
    while let (position, prefix) = pending.popLast(), visits < Self.maximumVisits {
      visits += 1
      forEachChild(of: position) { child, isKey, byte in
        let key = prefix + [byte]
        let size = UTF8Scalars.length(lead: key[0])
        if key.count < size {
          pending.append((child, key))
        } else if isKey, key.count == size, key.withUnsafeBufferPointer({ UTF8Scalars.firstInvalidOffset($0) == nil }) {
          keys.append(key)
        }
      }
    }
    return keys.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 0x200) >> 6) }

  private func value(at position: Int) -> Int { Int(units[position] & 0x7FFF_FFFF) }

  private func checkText(at offset: Int, _ checked: inout Set<Int>) throws(Charsmap.Invalid) {
    guard checked.insert(offset).inserted else { return }
    guard offset < texts.count else {
      throw Charsmap.Invalid(reason: "a replacement at byte \(offset) of \(texts.count)")
    }
    let text = text(at: offset)
    guard text.count <= SectionLayout.maximumReplacementSize,
      text.withUnsafeBufferPointer({ UTF8Scalars.firstInvalidOffset($0) == nil })
    else { throw Charsmap.Invalid(reason: "the replacement at byte \(offset) is too long or not UTF-8") }
  }

  /// The replacement that begins at `offset`, which lies within the texts.
  private func text(at offset: Int) -> ArraySlice<UInt8> { texts[offset...].prefix { $0 != 0 } }

  // MARK: Reading

  /// What stands for the scalar of `size` bytes at `start`: its replacement or itself; `nil` where the charsmap has a shorter or a
  /// longer key there.
  func replacement(of text: [UInt8], at start: Int, size: Int) -> ArraySlice<UInt8>? {
    var position = Self.offset(units[0])
    var found: ArraySlice<UInt8>?
    for index in start..<text.count {
      let unit = units[position ^ Int(text[index])]
      guard text[index] != 0, unit & 0x8000_00FF == UInt32(text[index]) else { break }
      position ^= Int(text[index]) ^ Self.offset(unit)
      guard unit & 0x100 != 0 else { continue }
      guard index + 1 == start + size else { return nil }
      found = self.text(at: value(at: position))
    }
    return found ?? text[start..<min(start + size, text.count)]
  }
}
