import ModelCore
import Testing

@Suite struct ByteReaderTests {
  func reading<Result>(
    _ bytes: [UInt8], _ body: (inout ByteReader) throws -> Result
  ) throws -> Result {
    try bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer, path: "f.bin", what: "header")
      return try body(&reader)
    }
  }

  @Test func littleEndian() throws {
    let bytes: [UInt8] = [
      0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80,
    ]
    try reading(bytes) { (reader: inout ByteReader) throws in
      #expect(reader.remaining == 17 && reader.offset == 0 && reader.path == "f.bin" && reader.what == "header")
      #expect(try reader.read(UInt8.self) == 1)
      // Not aligned, on purpose.
      #expect(try reader.read(UInt16.self) == 0x0302)
      #expect(try reader.read(UInt32.self) == 0x0706_0504)
      #expect(try reader.read(UInt8.self) == 8)
      #expect(try reader.read(Int64.self) == -2)
      #expect(try reader.read(Int8.self) == -128)
      #expect(reader.remaining == 0 && reader.offset == 17)
    }
  }

  @Test func takes() throws {
    try reading([1, 2, 3, 4]) { (reader: inout ByteReader) throws in
      #expect(Array(try reader.take(0)) == [])
      #expect(Array(try reader.take(3)) == [1, 2, 3])
      #expect(reader.offset == 3)
      #expect(Array(try reader.take(1)) == [4])
      #expect(Array(try reader.take(0)) == [])
    }
    try reading([]) { (reader: inout ByteReader) throws in #expect(Array(try reader.take(0)) == []) }
  }

  @Test(arguments: [-1, Int.min, 4, Int.max]) func beyondTheEnd(_ count: Int) throws {
    try reading([1, 2, 3, 4]) { (reader: inout ByteReader) throws in
      #expect(coreError { () throws(ModelCoreError) in try reader.take(1) } == nil)
      let error = coreError { () throws(ModelCoreError) in try reader.take(count) }
      #expect(
        error
          == .outOfBounds(path: "f.bin", what: "header", offset: 1, count: UInt64(clamping: count), size: 4))
      // A failed read leaves the reader where it was.
      #expect(reader.offset == 1 && reader.remaining == 3)
    }
  }

  @Test func integersBeyondTheEnd() throws {
    try reading([1, 2, 3]) { (reader: inout ByteReader) throws in
      #expect(
        coreError { () throws(ModelCoreError) in try reader.read(UInt32.self) }
          == .outOfBounds(path: "f.bin", what: "header", offset: 0, count: 4, size: 3))
      #expect(coreError { () throws(ModelCoreError) in try reader.read(UInt16.self) } == nil)
      #expect(
        coreError { () throws(ModelCoreError) in try reader.read(UInt64.self) }
          == .outOfBounds(path: "f.bin", what: "header", offset: 2, count: 8, size: 3))
    }
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
    #expect(DType.allCases.map(\.rawValue) == ["F32", "F16", "BF16"])
    #expect(DType.allCases.map(\.byteCount) == [4, 2, 2])
  }
}
