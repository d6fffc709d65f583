import ModelCore
import Testing

@Suite final class ByteReaderTests {
  private var buffers: [UnsafeMutableRawBufferPointer] = []

  deinit { for buffer in buffers { buffer.deallocate() } }

  /// A reader of `bytes`, which live as long as the test.
  func reader(_ bytes: [UInt8]) -> ByteReader {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    buffer.copyBytes(from: bytes)
    buffers.append(buffer)
    return ByteReader(UnsafeRawBufferPointer(buffer), path: "f.bin", what: "header")
  }

  /// The error for `count` bytes at `offset`.
  func beyond(_ offset: UInt64, _ count: UInt64, _ size: UInt64) -> ModelCoreError {
    .outOfBounds(path: "f.bin", what: "header", offset: offset, count: count, size: size)
  }

  @Test func littleEndian() throws {
    var reader = reader([1, 2, 3, 4, 5, 6, 7, 8, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80])
    #expect(reader.remaining == 17 && reader.offset == 0 && reader.path == "f.bin" && reader.what == "header")
    let byte = try reader.read(UInt8.self)
    // Not aligned, on purpose.
    let short = try reader.read(UInt16.self)
    let word = try reader.read(UInt32.self)
    let last = try reader.read(UInt8.self)
    let long = try reader.read(Int64.self)
    let signed = try reader.read(Int8.self)
    #expect(byte == 1 && short == 0x0302 && word == 0x0706_0504 && last == 8)
    #expect(long == -2 && signed == -128)
    #expect(reader.remaining == 0 && reader.offset == 17)
  }

  @Test func takes() throws {
    var reader = reader([1, 2, 3, 4])
    for (count, expected) in [(0, []), (3, [1, 2, 3]), (0, []), (1, [4]), (0, [])] as [(Int, [UInt8])] {
      let found = Array(try reader.take(count))
      #expect(found == expected)
    }
    var empty = self.reader([])
    let nothing = try empty.take(0)
    #expect(nothing.isEmpty)
  }

  @Test(arguments: [-1, Int.min, 4, Int.max])
  func beyondTheEnd(_ count: Int) throws {
    var reader = reader([1, 2, 3, 4])
    _ = try reader.take(1)
    let error = coreError { () throws(ModelCoreError) in try reader.take(count).count }
    #expect(error == beyond(1, UInt64(clamping: count), 4))
    // A failed read leaves the reader where it was.
    #expect(reader.offset == 1 && reader.remaining == 3)
  }

  @Test func integersBeyondTheEnd() throws {
    var reader = reader([1, 2, 3])
    let word = coreError { () throws(ModelCoreError) in try reader.read(UInt32.self) }
    #expect(word == beyond(0, 4, 3))
    _ = try reader.read(UInt16.self)
    let long = coreError { () throws(ModelCoreError) in try reader.read(UInt64.self) }
    #expect(long == beyond(2, 8, 3))
  }
}

@Suite struct CheckedArithmeticTests {
  @Test func adding() {
    #expect(Int.max.checkedAdding(0) == Int.max)
    #expect(Int.max.checkedAdding(1) == nil)
    #expect(Int.min.checkedAdding(-1) == nil)
    #expect(Int.max.checkedAdding(Int.min) == -1)
    #expect(UInt64.max.checkedAdding(1) == nil)
    #expect(UInt8(200).checkedAdding(55) == 255)
    #expect(UInt8(200).checkedAdding(56) == nil)
  }

  @Test func multiplying() {
    #expect(Int.max.checkedMultiplying(by: 1) == Int.max)
    #expect(Int.max.checkedMultiplying(by: 2) == nil)
    #expect((1 << 31).checkedMultiplying(by: 1 << 31) == 1 << 62)
    #expect((1 << 32).checkedMultiplying(by: 1 << 31) == nil)
    #expect((1 << 32).checkedMultiplying(by: 1 << 32) == nil)
    #expect(Int.min.checkedMultiplying(by: -1) == nil)
    #expect(Int.max.checkedMultiplying(by: 0) == 0)
    #expect(UInt64.max.checkedMultiplying(by: UInt64.max) == nil)
  }

  @Test func roundingUp() {
    for (value, alignment, expected) in [
      (0, 64, 0), (1, 64, 64), (63, 64, 64), (64, 64, 64), (65, 64, 128), (7, 1, 7), (10, 3, 12),
      (Int.max - 63, 64, Int.max - 63),
    ] {
      #expect(value.checkedRoundedUp(toMultipleOf: alignment) == expected)
      if value < 1000 { #expect(value.roundedUp(toMultipleOf: alignment) == expected) }
    }
    #expect((Int.max - 62).checkedRoundedUp(toMultipleOf: 64) == nil)
    #expect(Int.max.checkedRoundedUp(toMultipleOf: 2) == nil)
    #expect(Int.max.checkedRoundedUp(toMultipleOf: 1) == Int.max)
    #expect(UInt64.max.checkedRoundedUp(toMultipleOf: 65_536) == nil)
    #expect((UInt64.max - 65_535).checkedRoundedUp(toMultipleOf: 65_536) == UInt64.max - 65_535)
    #expect(UInt8(0).checkedRoundedUp(toMultipleOf: 255) == 0)
    #expect(UInt8(2).checkedRoundedUp(toMultipleOf: 255) == nil)
  }

  @Test func elementCounts() {
    #expect([Int]().checkedElementCount() == 1)
    #expect([5].checkedElementCount() == 5)
    #expect([2, 3, 4].checkedElementCount() == 24)
    #expect([0, Int.max, Int.max].checkedElementCount() == 0)
    #expect([1 << 31, 1 << 31].checkedElementCount() == 1 << 62)
    #expect([1 << 32, 1 << 31].checkedElementCount() == nil)
    #expect([3, -1].checkedElementCount() == nil)
    #expect([-1].checkedElementCount() == nil)
    #expect([Int.min, Int.min].checkedElementCount() == nil)
  }

  @Test func elementTypes() {
    #expect(DType.allCases.map(\.rawValue) == ["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"])
    #expect(DType.allCases.map(\.byteCount) == [8, 4, 2, 2, 1, 1])
  }
}
