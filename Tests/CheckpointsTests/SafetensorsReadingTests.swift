import Checkpoints
import Foundation
import ModelCore
import Testing

/// What is read is what is in the file, bit by bit.
@Suite struct SafetensorsReadingTests {
  /// A header read by Foundation instead: name to dtype, shape and offsets.
  static func entries(_ bytes: [UInt8]) throws -> (dataOffset: Int, [String: [String: Any]]) {
    let length = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    let object = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any]
    let entries = (object ?? [:]).compactMapValues { $0 as? [String: Any] }.filter { $0.key != "__metadata__" }
    return (8 + length, entries)
  }

  @Test(arguments: [Fixtures.debianTags, Fixtures.randomTiny])
  func fixtureIsReadBitExactly(_ folder: String) throws {
    let checkpoint = try Checkpoint.open(folder)
    let bytes = try contents(folder + "/model.safetensors")
    let (dataOffset, entries) = try Self.entries(bytes)
    #expect(checkpoint.tensors.count == entries.count)
    #expect(entries.count > 30)
    for (name, entry) in entries {
      let tensor = try #require(checkpoint.tensor(name))
      let offsets = try #require(entry["data_offsets"] as? [Int])
      #expect(tensor.shape == entry["shape"] as? [Int])
      #expect(tensor.dtypeName == entry["dtype"] as? String)
      let raw = bytes[dataOffset + offsets[0]..<dataOffset + offsets[1]]
      #expect(try storedBytes(tensor, count: raw.count) == Array(raw))
      #expect(try tensor.floats().map(\.bitPattern) == Self.expectedBits(Array(raw), tensor.dtype))
    }
  }

  static func expectedBits(_ raw: [UInt8], _ dtype: DType?) -> [UInt32] {
    let width = dtype?.byteCount ?? 1
    return stride(from: 0, to: raw.count, by: width).map { start in
      let bits = (0..<width).reduce(UInt32(0)) { $0 | UInt32(raw[start + $1]) << UInt32(8 * $1) }
      switch dtype {
      case .f16: return Float(Float16(bitPattern: UInt16(bits))).bitPattern
      case .bf16: return bits << 16
      default: return bits
      }
    }
  }

  /// All 65,536 numbers of a 16-bit type, at an odd offset in the file.
  static func everyValue(_ type: String) throws -> [Float] {
    let folder = try TemporaryFolder()
    let header =
      SafetensorsErrorTests.tensor("pad", "U8", "[1]", "[0,1]") + ","
      + SafetensorsErrorTests.tensor("all", type, "[65536]", "[1,131073]")
    let padding = (header.utf8.count + 2) % 2 == 0 ? " " : ""
    let data = [UInt8(0)] + (0..<65536).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let bytes = safetensors("{\(header)}\(padding)", data: data)
    let file = try SafetensorsFile(path: folder.write("all.safetensors", bytes))
    return try #require(file.tensor("all")).floats()
  }

  @Test func everyF16IsConvertedExactly() throws {
    for (bits, value) in try Self.everyValue("F16").enumerated() {
      let expected = Float(Float16(bitPattern: UInt16(bits)))
      if expected.isNaN {
        // The payload moves up with the sign; Float16's own conversion also sets the quiet bit.
        #expect(value.bitPattern == UInt32(bits & 0x8000) << 16 | 0x7F80_0000 | UInt32(bits & 0x3FF) << 13)
      } else {
        #expect(value.bitPattern == expected.bitPattern, "\(bits)")
      }
    }
  }

  @Test func everyBF16IsConvertedExactly() throws {
    for (bits, value) in try Self.everyValue("BF16").enumerated() {
      #expect(value.bitPattern == UInt32(bits) << 16)
    }
  }

  /// IEEE 754 binary16 by hand: 1, -2, the largest, the smallest normal, the smallest subnormal, infinity.
  @Test func knownF16() throws {
    let all = try Self.everyValue("F16")
    #expect(all[0x3C00] == 1)
    #expect(all[0xC000] == -2)
    #expect(all[0x7BFF] == 65504)
    #expect(all[0x0400] == 0x1p-14)
    #expect(all[0x0001] == 0x1p-24)
    #expect(all[0x7C00] == .infinity)
    #expect(all[0x8000].sign == .minus && all[0x8000] == 0)
  }

  @Test func partsAndDiscardedPagesReadTheSame() throws {
    let tensor = try #require(
      Checkpoint.open(Fixtures.debianTags).tensor("model.encoder_model.embeddings.word_embeddings.weight"))
    let whole = try tensor.floats()
    tensor.discard(elements: 0..<tensor.elementCount)
    for range in [0..<0, 0..<1, 191..<4000, 100_001..<100_018, whole.count - 7..<whole.count] {
      let part = try floats(tensor, range)
      tensor.discard(elements: range)
      #expect(part.map(\.bitPattern) == whole[range].map(\.bitPattern))
    }
  }

  @Test func paddedHeaderScalarsAndEmptyTensorsAreFine() throws {
    let folder = try TemporaryFolder()
    let header =
      "{\"__metadata__\":{\"format\":\"pt\"},"
      + SafetensorsErrorTests.tensor("scalar", "F32", "[]", "[0,4]") + ","
      + SafetensorsErrorTests.tensor("empty", "I64", "[3,0]", "[4,4]") + "}      "
    let path = try folder.write("odd.safetensors", safetensors(header, data: [0, 0, 0xC0, 0x3F]))
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.name) == ["scalar", "empty"])
    #expect(try file.tensor("scalar")?.floats() == [1.5])
    #expect(file.tensor("empty")?.dtype == nil)
    #expect(file.tensor("__metadata__") == nil)
  }

  @Test func fileShortenedWhileMappedIsAnInputOutputError() throws {
    let folder = try TemporaryFolder()
    let path = try folder.checkpoint(weights: contents(Fixtures.randomTiny + "/model.safetensors"))
    let checkpoint = try Checkpoint.open(path)
    let last = try #require(checkpoint.tensors.last)
    #expect(truncate(checkpoint.weights.path, 4096) == 0)
    let error = checkpointError { () throws(CheckpointError) in try last.floats() }
    #expect(error?.exitStatus == .inputOutput)
    #expect(error?.message.contains("became shorter") == true)
    let digestError = checkpointError { () throws(CheckpointError) in try SourceDigest.compute(checkpoint) }
    #expect(digestError?.exitStatus == .inputOutput)
  }
}
