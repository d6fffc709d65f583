import Tokenization

/// A SentencePiece `precompiled_charsmap`, taken apart: u32 size of the array in bytes, a darts-clone double array, and
/// replacement texts that each end with a NUL. (The format is that of sentencepiece's `Normalizer::DecodePrecompiledCharsMap`.)
struct Charsmap {
  /// Keys and the number of their replacement, without those that a shortest match never reaches.
  private(set) var keys: [([UInt8], UInt32)] = []
  /// Each replacement once.
  private(set) var replacements: [ArraySlice<UInt8>] = []

  /// Keys and inner nodes, beside four for each unit of the array: nodes may be shared, and a small array may spell any number of
  /// keys. The real one has about 7,000 keys that can be reached, of up to 12 bytes.
  private static let maximumNodes = 1 << 16
  private static let maximumDepth = 64

  /// Why bytes are no charsmap.
  struct Invalid: Error {
    let reason: String
  }

  /// Reads `bytes`; no bytes are an empty charsmap.
  init(_ bytes: [UInt8]) throws(Invalid) {
    if bytes.isEmpty { return }
    guard bytes.count >= 4 else { throw Invalid(reason: "\(bytes.count) bytes") }
    let size = Int(Self.word(bytes, at: 0))
    guard size >= 4, size % 4 == 0, size <= bytes.count - 4 else {
      throw Invalid(reason: "expected an array of at most \(bytes.count - 4) bytes, found \(size)")
    }
    let array = DartsArray(units: (0..<size / 4).map { Self.word(bytes, at: 4 + 4 * $0) })
    try collect(array, texts: bytes[(4 + size)...])
  }

  private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  /// Walks the array from its root, and stops on every way at the first value: a longer key is out of reach.
  private mutating func collect(_ array: DartsArray, texts: ArraySlice<UInt8>) throws(Invalid) {
    var numbers: [Int: UInt32] = [:]
    var pending: [(position: Int, key: [UInt8])] = [(array.offset(of: 0), [])]
    var visits = 0
    let limit = Self.maximumNodes + 4 * array.units.count
    while let (position, key) = pending.popLast() {
      visits += 1
      guard visits + keys.count <= limit, key.count < Self.maximumDepth else {
        throw Invalid(reason: "more than \(limit) keys, or one of more than \(Self.maximumDepth) bytes")
      }
      for byte in UInt8(1)...UInt8.max {
        let unit = position ^ Int(byte)
        guard array.label(of: unit) == UInt32(byte) else { continue }
        let child = unit ^ array.offset(of: unit)
        guard array.hasValue(unit) else {
          pending.append((child, key + [byte]))
          continue
        }
        guard let value = array.value(at: child) else { throw Invalid(reason: "a value beyond the array") }
        let number = try replacement(at: Int(value), in: texts, &numbers)
        keys.append((key + [byte], number))
      }
    }
  }

  private mutating func replacement(
    at offset: Int, in texts: ArraySlice<UInt8>, _ numbers: inout [Int: UInt32]
  ) throws(Invalid) -> UInt32 {
    if let number = numbers[offset] { return number }
    guard offset <= texts.count else {
      throw Invalid(reason: "a replacement at byte \(offset) of \(texts.count)")
    }
    let rest = texts[(texts.startIndex + offset)...]
    let text = rest[..<(rest.firstIndex(of: 0) ?? rest.endIndex)]
    guard text.count <= SectionLayout.maximumReplacementSize else {
      throw Invalid(reason: "a replacement of \(text.count) bytes; at most \(SectionLayout.maximumReplacementSize)")
    }
    let isValid = text.withUnsafeBufferPointer { UTF8Scalars.firstInvalidOffset($0) == nil }
    guard isValid else { throw Invalid(reason: "the replacement at byte \(offset) is not UTF-8") }
    let number = UInt32(replacements.count)
    numbers[offset] = number
    replacements.append(text)
    return number
  }
}

/// A darts-clone double array, every index of which is checked.
private struct DartsArray {
  let units: [UInt32]

  /// The label of unit `index`, with the bit that marks values; `nil` beyond the array.
  func label(of index: Int) -> UInt32? { index < units.count ? units[index] & 0x8000_00FF : nil }

  /// What the position of a node's children differs from its own by.
  func offset(of index: Int) -> Int {
    let unit = units[index]
    return Int(unit >> 10) << Int((unit & 0x200) >> 6)
  }

  func hasValue(_ index: Int) -> Bool { units[index] & 0x100 != 0 }

  func value(at index: Int) -> UInt32? { index < units.count ? units[index] & 0x7FFF_FFFF : nil }
}
