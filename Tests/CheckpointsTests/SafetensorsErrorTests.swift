import Checkpoints
import Foundation
import ModelCore
import Testing

/// Every way a safetensors file can be wrong, each a handcrafted file.
@Suite struct SafetensorsErrorTests {
  static func tensor(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  static let huge = 9_223_372_036_854_775_807
  static let badHeaders: [BadFile] = [
    BadFile("empty", []) { .noHeader(path: $0, size: 0) },
    BadFile("seven bytes", [1, 0, 0, 0, 0, 0, 0]) { .noHeader(path: $0, size: 7) },
    BadFile("header of nothing", safetensors("")) { .headerNotObject(path: $0, found: nil) },
    BadFile("header beyond file", safetensors("{}", length: 3)) {
      .headerBeyondFile(path: $0, length: 3, available: 2)
    },
    BadFile("header over the limit", safetensors("{}", length: 16_000_001)) {
      .headerTooLong(path: $0, length: 16_000_001, limit: 16_000_000)
    },
    BadFile("header length 2^64 - 1", safetensors("{}", length: .max)) {
      .headerTooLong(path: $0, length: .max, limit: 16_000_000)
    },
    BadFile("leading space", safetensors(" {}")) { .headerNotObject(path: $0, found: 0x20) },
    BadFile("array", safetensors("[]")) { .headerNotObject(path: $0, found: 0x5B) },
    BadFile("not JSON", safetensors("{x}")) {
      .core(.invalidJSON(path: $0, offset: 1, reason: "expected a string as key"))
    },
    BadFile("duplicate tensor", header: "\"a\":1,\"a\":2") {
      .core(.invalidJSON(path: $0, offset: 7, reason: "duplicate key \"a\""))
    },
    BadFile("metadata is no object", header: "\"__metadata__\":3") {
      .core(.unexpectedJSON(path: $0, field: "__metadata__", expected: "an object", found: "3"))
    },
    BadFile("metadata holds a number", header: "\"__metadata__\":{\"x\":3}") {
      .core(.unexpectedJSON(path: $0, field: "__metadata__.x", expected: "a string", found: "3"))
    },
    BadFile("tensor is no object", header: "\"a\":3") {
      .core(.unexpectedJSON(path: $0, field: "a", expected: "an object", found: "3"))
    },
    BadFile("no dtype", header: "\"a\":{\"shape\":[],\"data_offsets\":[0,8]}") {
      .core(.unexpectedJSON(path: $0, field: "a.dtype", expected: "a value", found: "nothing"))
    },
    BadFile("no shape", header: "\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}") {
      .core(.unexpectedJSON(path: $0, field: "a.shape", expected: "a value", found: "nothing"))
    },
    BadFile("shape is no array", header: tensor("a", "F32", "2", "[0,8]")) {
      .core(.unexpectedJSON(path: $0, field: "a.shape", expected: "an array", found: "2"))
    },
    BadFile("unknown field", header: "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"strides\":[1]}") {
      .unknownTensorField(path: $0, tensor: "a", field: "strides")
    },
  ]

  static let badTensors: [BadFile] = [
    BadFile("unknown dtype", header: tensor("a", "F128", "[2]", "[0,8]")) {
      .unknownElementType(path: $0, tensor: "a", found: "\"F128\"")
    },
    BadFile("negative dimension", header: tensor("a", "F32", "[-2]", "[0,8]")) {
      .invalidDimension(path: $0, tensor: "a", found: "-2")
    },
    BadFile("fractional dimension", header: tensor("a", "F32", "[2.5]", "[0,8]")) {
      .invalidDimension(path: $0, tensor: "a", found: "2.5")
    },
    BadFile("dimension 2^63", header: tensor("a", "U8", "[9223372036854775808]", "[0,8]")) {
      .core(.invalidJSON(path: $0, offset: 28, reason: "integer beyond 64 bits"))
    },
    BadFile("elements overflow", header: tensor("a", "U8", "[4294967296,2147483648]", "[0,8]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [4_294_967_296, 2_147_483_648], elementType: "U8")
    },
    BadFile("bytes overflow", header: tensor("a", "F32", "[\(huge)]", "[0,8]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [huge], elementType: "F32")
    },
    BadFile("half a byte", header: tensor("a", "F4", "[3]", "[0,8]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [3], elementType: "F4")
    },
    BadFile("one offset", header: tensor("a", "F32", "[2]", "[8]")) {
      .invalidOffsets(path: $0, tensor: "a", found: "[8]")
    },
    BadFile("negative offset", header: tensor("a", "F32", "[2]", "[-8,0]")) {
      .invalidOffsets(path: $0, tensor: "a", found: "[-8, 0]")
    },
    BadFile("offsets are no array", header: tensor("a", "F32", "[2]", "\"0-8\"")) {
      .invalidOffsets(path: $0, tensor: "a", found: "\"0-8\"")
    },
    BadFile("begin after end", header: tensor("a", "F32", "[2]", "[8,0]")) {
      .reversedOffsets(path: $0, tensor: "a", begin: 8, end: 0)
    },
    BadFile("beyond the data", header: tensor("a", "F32", "[3]", "[0,12]")) {
      .offsetsBeyondData(path: $0, tensor: "a", end: 12, available: 8)
    },
    BadFile("size of another shape", header: tensor("a", "F32", "[3]", "[0,8]")) {
      .wrongByteCount(path: $0, tensor: "a", shape: [3], elementType: "F32", expected: 12, found: 8)
    },
    BadFile("overlap", header: tensor("a", "F32", "[1]", "[0,4]") + "," + tensor("b", "F16", "[3]", "[2,8]")) {
      .overlap(path: $0, tensor: "b", previous: "a", expected: 4, found: 2)
    },
    BadFile("two at one place", header: tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "F32", "[2]", "[0,8]")) {
      .overlap(path: $0, tensor: "b", previous: "a", expected: 8, found: 0)
    },
    BadFile("hole", header: tensor("a", "F16", "[1]", "[0,2]") + "," + tensor("b", "F32", "[1]", "[4,8]")) {
      .hole(path: $0, tensor: "b", expected: 2, found: 4)
    },
    BadFile("hole at the start", header: tensor("a", "F32", "[1]", "[4,8]")) {
      .hole(path: $0, tensor: "a", expected: 0, found: 4)
    },
    BadFile("bytes at the end", header: tensor("a", "F32", "[1]", "[0,4]")) {
      .trailingBytes(path: $0, expected: 4, found: 8)
    },
    BadFile("data without tensors", header: "") { .trailingBytes(path: $0, expected: 0, found: 8) },
  ]

  @Test(arguments: badHeaders + badTensors)
  func isRefused(_ bad: BadFile) throws {
    try bad.expectRefusal(as: "bad.safetensors") { (path) throws(CheckpointError) in try SafetensorsFile(path: path) }
  }

  @Test func missingFileIs66() throws {
    let folder = try TemporaryFolder()
    let error = checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: folder.path + "/none") }
    #expect(error?.exitStatus == .missingInput)
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = try contents(Fixtures.randomTiny + "/model.safetensors")
    let folder = try TemporaryFolder()
    for length in Array(0..<40) + stride(from: 41, to: whole.count, by: 4099) + [whole.count - 1] {
      let path = try folder.write("cut.safetensors", Array(whole[..<length]))
      let error = checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: path) }
      #expect(error?.exitStatus == .badData, "cut to \(length) bytes")
    }
  }

  /// No outcome is asserted but that there is one: an error or a file whose tensors can be read.
  @Test func damagedHeadersNeverTrap() throws {
    let header = (Self.tensor("a", "F32", "[1,1]", "[0,4]") + "," + Self.tensor("b", "BF16", "[2]", "[4,8]"))
    let whole = safetensors("{\(header)}  ", data: Array(repeating: 1, count: 8))
    let folder = try TemporaryFolder()
    var random = SplitMix(state: 7)
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        let digit = 0x30 + bytes[position] % 10
        bytes[position] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : digit
      }
      let path = try folder.write("damaged.safetensors", bytes)
      guard let file = try? SafetensorsFile(path: path) else { continue }
      for tensor in file.tensors where tensor.dtype != nil { #expect(try tensor.floats().count == tensor.elementCount) }
    }
  }
}

extension BadFile {
  /// A file of 8 bytes of data and these members in its header.
  init(_ name: String, header: String, _ error: @escaping @Sendable (String) -> CheckpointError) {
    self.init(name, safetensors("{\(header)}", data: Array(repeating: 1, count: 8)), error)
  }
}

/// A seeded generator (Steele, Lea, Flood: SplitMix64), so that failures repeat.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
