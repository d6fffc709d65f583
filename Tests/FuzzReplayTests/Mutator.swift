/// Changes inputs as libFuzzer does, the same way on every run.
struct Mutator {
  private var state: UInt64

  /// Values at which counts, offsets and sizes go wrong.
  private static let edges: [UInt64] = [
    0, 1, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0xFFFF_FFFF, .max >> 1, .max,
  ]

  init(seed: UInt64) { state = seed }

  /// The next number of SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// A number from 0 up to, and not, `limit`.
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }

  /// A few changes to `bytes`, perhaps with a piece of `other`.
  mutating func mutate(_ bytes: [UInt8], crossing other: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) { change(&bytes, other) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let position = below(bytes.count)
    let end = min(bytes.count, position + 1 + below(32))
    switch below(8) {
    case _ where bytes.isEmpty: bytes = [UInt8(truncatingIfNeeded: next())]
    case 0: bytes[position] ^= 1 << UInt8(below(8))
    case 1: bytes[position] = UInt8(truncatingIfNeeded: next())
    case 2: bytes.removeSubrange(position..<end)
    case 3: bytes.insert(contentsOf: Array(bytes[position..<end]), at: below(bytes.count))
    case 4:
      let start = below(other.count)
      bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + below(64))], at: position)
    case 5: bytes.removeSubrange(position...)
    case 6:
      // A digit of a number in a text.
      guard let digit = bytes[position...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
      bytes[digit] = 0x30 + UInt8(below(10))
    default:
      let edge = Self.edges[below(Self.edges.count)]
      for index in 0..<min(1 << below(4), bytes.count - position) {
        bytes[position + index] = UInt8(truncatingIfNeeded: edge >> (8 * UInt64(index)))
      }
    }
  }
}
