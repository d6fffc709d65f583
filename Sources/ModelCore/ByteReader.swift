/// Little-endian reads from bytes that nobody vouches for: every access is checked against the buffer.
public struct ByteReader {
  /// The file the bytes are from, for error messages.
  public let path: String
  /// What is being read (a section, a header), for error messages.
  public let what: String
  private let bytes: UnsafeRawBufferPointer
  /// Offset of the next read.
  public private(set) var offset: Int

  /// Reads `bytes` from the start.
  public init(_ bytes: UnsafeRawBufferPointer, path: String, what: String) {
    self.bytes = bytes
    self.path = path
    self.what = what
    offset = 0
  }

  /// Bytes not yet read.
  public var remaining: Int { bytes.count - offset }

  /// The next integer.
  public mutating func read<Value: FixedWidthInteger>(_: Value.Type) throws(ModelCoreError) -> Value {
    let size = MemoryLayout<Value>.size
    let value = try take(size).loadUnaligned(as: Value.self)
    return Value(littleEndian: value)
  }

  /// The next `count` bytes.
  public mutating func take(_ count: Int) throws(ModelCoreError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw .outOfBounds(
        path: path, what: what, offset: UInt64(offset), count: UInt64(clamping: count), size: UInt64(bytes.count))
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }
}
