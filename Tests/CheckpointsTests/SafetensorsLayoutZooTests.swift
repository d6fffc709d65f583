import Checkpoints
import Foundation
import ModelCore
import Testing

/// Files that lie about lengths, sizes and places: the abuse that the `attacks/` folder of the safetensors project lists, and more.
@Suite struct SafetensorsLayoutZooTests {
  typealias Tests = SafetensorsErrorTests
  static let limit = SafetensorsFile.maximumHeaderLength

  /// The first 8 bytes of other formats are a length out of proportion.
  static let otherFormats: [BadFile] = [
    otherFormat("zip archive", [0x50, 0x4B, 3, 4, 0x14, 0, 0, 0], 85_966_670_672),
    otherFormat("PDF", Array("%PDF-1.7".utf8), 3_976_169_591_536_898_085),
    otherFormat("NumPy array", [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0], 379_676_406_402_707),
    otherFormat("GGUF", [0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0], 14_064_895_815),
    otherFormat("HDF5", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], 727_905_341_903_489_161),
    otherFormat("web page", Array("<!DOCTYP".utf8), 5_789_751_444_030_890_300),
    otherFormat("pickle", [0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 1], 96_871_374_357_594_752),
    otherFormat("executable", [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0], 282_584_257_676_671),
    BadFile("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3]) {
      .headerBeyondFile(path: $0, length: 559_903, available: 2)
    },
  ]

  static func otherFormat(_ name: String, _ bytes: [UInt8], _ length: UInt64) -> BadFile {
    BadFile(name, bytes + Array(repeating: 0x20, count: 100)) {
      .headerTooLong(path: $0, length: length, limit: limit)
    }
  }

  static let lengths: [BadFile] = [
    BadFile("length in the other byte order", safetensors("{}", length: 2 << 56)) {
      .headerTooLong(path: $0, length: 2 << 56, limit: limit)
    },
    BadFile("length 2^63", safetensors("{}", length: 1 << 63)) {
      .headerTooLong(path: $0, length: 1 << 63, limit: limit)
    },
    BadFile("length -8", safetensors("{}", length: UInt64(bitPattern: -8))) {
      .headerTooLong(path: $0, length: UInt64(bitPattern: -8), limit: limit)
    },
    BadFile("length of the limit", safetensors("{}", length: UInt64(limit))) {
      .headerBeyondFile(path: $0, length: limit, available: 2)
    },
    BadFile("length over the limit", safetensors("{}", length: UInt64(limit) + 1)) {
      .headerTooLong(path: $0, length: UInt64(limit) + 1, limit: limit)
    },
    BadFile("length that counts itself", safetensors("{}", length: 10)) {
      .headerBeyondFile(path: $0, length: 10, available: 2)
    },
    BadFile("length one short", safetensors("{\"a\":{}}", length: 7)) {
      .core(.invalidJSON(path: $0, offset: 7, reason: "expected ',' or '}'"))
    },
    BadFile("length into the data", safetensors("{}", data: [0x7D], length: 3)) {
      .core(.invalidJSON(path: $0, offset: 2, reason: "unexpected bytes after the value"))
    },
    BadFile("length alone", safetensors("", length: 8)) { .headerBeyondFile(path: $0, length: 8, available: 0) },
  ]

  static let dtypes: [BadFile] = [
    ("null", "null"), ("[]", "an array"), ("{}", "an object"), ("5", "5"), ("true", "true"), ("\"f32\"", "\"f32\""),
  ].map { (text: String, found: String) -> BadFile in
    BadFile("dtype \(text)", header: "\"a\":{\"dtype\":\(text),\"shape\":[2],\"data_offsets\":[0,8]}") {
      .unknownElementType(path: $0, tensor: "a", found: found)
    }
  }

  static let shapes: [BadFile] = [
    ("null", "null"), ("{}", "an object"), ("\"[2]\"", "\"[2]\""),
  ].map { (text: String, found: String) -> BadFile in
    BadFile("shape \(text)", header: Tests.tensor("a", "F32", text, "[0,8]")) {
      .core(.unexpectedJSON(path: $0, field: "a.shape", expected: "an array", found: found))
    }
  }

  static let dimensions: [BadFile] = [
    ("2.0", "2.0"), ("2e0", "2e0"), ("1e999", "1e999"), ("-1", "-1"), ("\"2\"", "\"2\""), ("null", "null"),
    ("true", "true"), ("[2]", "an array"), ("-9223372036854775808", "-9223372036854775808"),
  ].map { (text: String, found: String) -> BadFile in
    BadFile("dimension \(text)", header: Tests.tensor("a", "F32", "[\(text)]", "[0,8]")) {
      .invalidDimension(path: $0, tensor: "a", found: found)
    }
  }

  static let offsets: [BadFile] = [
    ("[]", "[]"), ("[0,4,8]", "[0, 4, 8]"), ("[0,8.0]", "[0, 8.0]"), ("[0,8e0]", "[0, 8e0]"),
    ("[0,1e999]", "[0, 1e999]"), ("[0,\"8\"]", "[0, \"8\"]"), ("[null,8]", "[null, 8]"), ("[false,8]", "[false, 8]"),
    ("[0,[8]]", "[0, an array]"), ("{\"begin\":0,\"end\":8}", "an object"), ("null", "null"), ("8", "8"),
    ("[-1,7]", "[-1, 7]"), ("[0,-8]", "[0, -8]"), ("[-9223372036854775808,8]", "[-9223372036854775808, 8]"),
  ].map { (text: String, found: String) -> BadFile in
    BadFile("offsets \(text)", header: Tests.tensor("a", "F32", "[2]", text)) {
      .invalidOffsets(path: $0, tensor: "a", found: found)
    }
  }

  static let metadata: [BadFile] = [
    ("null", "__metadata__", "an object", "null"), ("[]", "__metadata__", "an object", "an array"),
    ("\"pt\"", "__metadata__", "an object", "\"pt\""), ("{\"x\":null}", "__metadata__.x", "a string", "null"),
    ("{\"x\":{\"y\":\"z\"}}", "__metadata__.x", "a string", "an object"),
    ("{\"x\":true}", "__metadata__.x", "a string", "true"),
    ("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", "__metadata__.shape", "a string", "an array"),
  ].map { (text: String, field: String, expected: String, found: String) -> BadFile in
    BadFile("metadata \(text)", header: "\"__metadata__\":\(text)") {
      .core(.unexpectedJSON(path: $0, field: field, expected: expected, found: found))
    }
  }

  static let sizes: [BadFile] = [
    BadFile("elements that wrap to none", header: Tests.tensor("a", "U8", "[4294967296,4294967296]", "[0,0]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [1 << 32, 1 << 32], elementType: "U8")
    },
    BadFile("bits that wrap to none", header: Tests.tensor("a", "F32", "[576460752303423488]", "[0,0]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [1 << 59], elementType: "F32")
    },
    BadFile("product beyond 64 bits times none", header: Tests.tensor("a", "U8", "[\(Tests.huge),2,0]", "[0,0]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [Tests.huge, 2, 0], elementType: "U8")
    },
    BadFile("no elements, 8 bytes", header: Tests.tensor("a", "F32", "[0]", "[0,8]")) {
      .wrongByteCount(path: $0, tensor: "a", shape: [0], elementType: "F32", expected: 0, found: 8)
    },
    BadFile("one element, 8 bytes", header: Tests.tensor("a", "F32", "[]", "[0,8]")) {
      .wrongByteCount(path: $0, tensor: "a", shape: [], elementType: "F32", expected: 4, found: 8)
    },
    BadFile("two elements, no bytes", header: Tests.tensor("a", "F32", "[2]", "[8,8]")) {
      .wrongByteCount(path: $0, tensor: "a", shape: [2], elementType: "F32", expected: 8, found: 0)
    },
    BadFile("bits of half a byte", header: Tests.tensor("a", "F6_E2M3", "[2]", "[0,8]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [2], elementType: "F6_E2M3")
    },
    BadFile("2020 dimensions", header: Tests.tensor("a", "U8", ones(2020), "[0,8]")) {
      .wrongByteCount(
        path: $0, tensor: "a", shape: Array(repeating: 1, count: 2020), elementType: "U8", expected: 1, found: 8)
    },
    BadFile("2030 dimensions", header: Tests.tensor("a", "U8", ones(2030), "[0,8]")) {
      .rowTooLong(path: $0, tensor: "a", found: 4105, limit: 4096)
    },
    BadFile("a million dimensions", header: Tests.tensor("a", "U8", ones(1_000_000), "[0,8]")) {
      .rowTooLong(path: $0, tensor: "a", found: 2_000_045, limit: 4096)
    },
    BadFile("reversed, no elements", header: Tests.tensor("a", "F32", "[0]", "[8,4]")) {
      .reversedOffsets(path: $0, tensor: "a", begin: 8, end: 4)
    },
    BadFile("end 2^63 - 1", header: Tests.tensor("a", "U8", "[\(Tests.huge)]", "[0,\(Tests.huge)]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [Tests.huge], elementType: "U8")
    },
    BadFile("begin 2^63 - 1", header: Tests.tensor("a", "U8", "[0]", "[\(Tests.huge),\(Tests.huge)]")) {
      .offsetsBeyondData(path: $0, tensor: "a", end: Tests.huge, available: 8)
    },
    BadFile("no elements behind the end", header: Tests.tensor("a", "F32", "[0]", "[9,9]")) {
      .offsetsBeyondData(path: $0, tensor: "a", end: 9, available: 8)
    },
  ]

  static func ones(_ count: Int) -> String { "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]" }

  static let places: [BadFile] = [
    BadFile("nested", header: Tests.tensor("a", "U8", "[8]", "[0,8]") + "," + Tests.tensor("b", "U8", "[2]", "[2,4]")) {
      .overlap(path: $0, tensor: "b", previous: "a", expected: 8, found: 2)
    },
    BadFile(
      "one byte twice", header: Tests.tensor("a", "U8", "[5]", "[0,5]") + "," + Tests.tensor("b", "U8", "[4]", "[4,8]")
    ) {
      .overlap(path: $0, tensor: "b", previous: "a", expected: 5, found: 4)
    },
    BadFile(
      "no elements inside another",
      header: Tests.tensor("z", "U8", "[0]", "[2,2]") + "," + Tests.tensor("a", "U8", "[8]", "[0,8]")
    ) {
      .overlap(path: $0, tensor: "z", previous: "a", expected: 8, found: 2)
    },
    BadFile(
      "no elements in a hole",
      header: Tests.tensor("a", "U8", "[2]", "[0,2]") + "," + Tests.tensor("z", "U8", "[0]", "[4,4]")
    ) {
      .hole(path: $0, tensor: "z", expected: 2, found: 4)
    },
    BadFile("one byte unseen at the end", header: Tests.tensor("a", "U8", "[7]", "[0,7]")) {
      .trailingBytes(path: $0, expected: 7, found: 8)
    },
    BadFile("zip archive appended", plain + [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)) {
      .trailingBytes(path: $0, expected: 8, found: 30)
    },
    BadFile("PDF appended", plain + Array("%PDF-1.7\n%%EOF".utf8)) { .trailingBytes(path: $0, expected: 8, found: 22) },
    BadFile("two files", plain + plain) { .trailingBytes(path: $0, expected: 8, found: 8 + plain.count) },
    BadFile(
      "all 2000 at one place",
      header: (0..<2000).map { Tests.tensor("t\($0)", "F32", "[2]", "[0,8]") }.joined(separator: ",")
    ) {
      .overlap(path: $0, tensor: "t1", previous: "t0", expected: 8, found: 0)
    },
  ]

  static let plain = safetensors("{\(Tests.tensor("a", "U8", "[8]", "[0,8]"))}", data: Array(repeating: 1, count: 8))

  @Test(arguments: otherFormats + lengths + dtypes + shapes + dimensions + offsets + metadata + sizes + places)
  func isRefused(_ bad: BadFile) throws { try Tests().isRefused(bad) }

  /// A small file that says it is long: nothing is read or kept in proportion to what it says.
  @Test func sparseFilesAreRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    let spaces = try folder.write("spaces.safetensors", safetensors(" ", length: UInt64(Self.limit)))
    #expect(truncate(spaces, Self.limit + 8) == 0)
    #expect(
      checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: spaces) }
        == .headerNotObject(path: spaces, found: 0x20))
    let zeros = try folder.write("zeros.safetensors", safetensors("{", length: UInt64(Self.limit)))
    #expect(truncate(zeros, 1 << 40) == 0)
    #expect(
      checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: zeros) }
        == .core(.invalidJSON(path: zeros, offset: 1, reason: "expected a string as key")))
    let data = try folder.write("data.safetensors", Self.plain)
    #expect(truncate(data, 1 << 40) == 0)
    #expect(
      checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: data) }
        == .trailingBytes(path: data, expected: 8, found: 1 << 40 - (Self.plain.count - 8)))
  }

  /// The order of names in the header says nothing, and a tensor without elements may stand wherever another begins or ends.
  @Test func oddLayoutsAreFine() throws {
    let folder = try TemporaryFolder()
    let header = [
      Tests.tensor("z", "I64", "[0,\(Tests.huge)]", "[8,8]"), Tests.tensor("b", "U8", "[4]", "[4,8]"),
      Tests.tensor("y", "F32", "[7,0,3]", "[4,4]"), Tests.tensor("a", "F32", Self.ones(2000), "[0,4]"),
      Tests.tensor("x", "F4", "[0]", "[0,0]"),
    ]
    let data: [UInt8] = [0, 0, 0x80, 0x3F, 1, 2, 3, 4]
    let path = try folder.write("odd.safetensors", safetensors("{\(header.joined(separator: ","))}", data: data))
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.name) == ["x", "a", "y", "b", "z"])
    #expect(try file.tensor("a")?.floats() == [1])
    #expect(file.tensor("z")?.elementCount == 0)
    #expect(try storedBytes(#require(file.tensor("b")), count: 4) == [1, 2, 3, 4])
  }
}
