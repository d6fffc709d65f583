/// The fields of one protobuf message, read from its wire format with every length checked.
struct ProtobufWalk {
  /// A field as it stands in the message.
  struct Field {
    let number: Int
    let value: Value
    /// The bytes of the field, with its tag.
    let whole: Range<Int>
  }

  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A string, bytes or a message: where it lies.
    case bytes(Range<Int>)
  }

  /// What is wrong at which byte.
  struct Malformed: Error {
    let reason: String
  }

  private let bytes: [UInt8]
  private var offset: Int
  private let end: Int

  /// The message in `range` of `bytes`.
  init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    offset = range?.lowerBound ?? 0
    end = min(range?.upperBound ?? bytes.count, bytes.count)
  }

  /// The next field, or `nil` at the end of the message.
  mutating func next() throws(Malformed) -> Field? {
    guard offset < end else { return nil }
    let start = offset
    let tag = try varint()
    guard let number = Int(exactly: tag >> 3), number > 0, number < 1 << 29 else {
      throw Malformed(reason: "invalid field number at byte \(start)")
    }
    let value: Value
    switch tag & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(try fixed(8))
    case 2:
      let size = try varint()
      guard size <= UInt64(end - offset) else {
        throw Malformed(reason: "field \(number) at byte \(start): expected \(size) bytes, found \(end - offset)")
      }
      value = .bytes(offset..<offset + Int(size))
      offset += Int(size)
    case 5: value = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
    default: throw Malformed(reason: "field \(number) at byte \(start): wire type \(tag & 7)")
    }
    return Field(number: number, value: value, whole: start..<offset)
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard offset < end else { throw Malformed(reason: "unexpected end at byte \(offset)") }
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Malformed(reason: "a number of more than 10 bytes before byte \(offset)")
  }

  private mutating func fixed(_ size: Int) throws(Malformed) -> UInt64 {
    guard end - offset >= size else { throw Malformed(reason: "unexpected end at byte \(offset)") }
    defer { offset += size }
    return (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }
}
