import Checkpoints
import Foundation
import ModelCore
import Testing

/// Digests against Python's hashlib:
///
///     def content(tensors):  # (name, dtype, shape, bytes)
///       c = hashlib.sha256()
///       for n, d, s, b in sorted(tensors):
///         c.update(n.encode() + b"\0" + d.encode() + b"\0" + "x".join(map(str, s)).encode() + b"\0"
///                  + hashlib.sha256(b).digest())
///       return c.hexdigest()
///
/// and `hashlib.sha256(file).hexdigest()` for the file.
@Suite struct SourceDigestTests {
  static func digest(_ header: String, _ data: [UInt8]) throws -> SourceDigest {
    let folder = try TemporaryFolder()
    return try SourceDigest.compute(Checkpoint.open(folder.checkpoint(weights: safetensors(header, data: data))))
  }

  @Test func smallVector() throws {
    let digest = try Self.digest(
      "{\"b\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[0,4]},"
        + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,8]},"
        + "\"c\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[8,8]}}",
      [0, 0x3C, 0, 0xC0, 0, 0, 0xC0, 0x3F])
    #expect(
      SourceDigest.hexadecimal(digest.files[0].sha256)
        == "7f1b660f02a40ee8b6ec2ea00a3ade5d8999a8bb58e0d53ea09f384d31a7b23c")
    #expect(
      SourceDigest.hexadecimal(digest.content) == "6d707755e783900afc10923f366c7adb15e93ef03dfe1108a96f3fc271193c99")
  }

  /// Tensors that straddle the read buffer: data is `bytes(i * 31 % 251 for i in range(3_000_000))`.
  @Test func largeVector() throws {
    let digest = try Self.digest(
      "{\"x\":{\"dtype\":\"F32\",\"shape\":[250000],\"data_offsets\":[0,1000000]},"
        + "\"y\":{\"dtype\":\"BF16\",\"shape\":[1000,1000],\"data_offsets\":[1000000,3000000]}}",
      (0..<3_000_000).map { UInt8($0 * 31 % 251) })
    #expect(
      SourceDigest.hexadecimal(digest.files[0].sha256)
        == "56b313a215f0f465fb9889e24b6918c7609f051c814f7396905e819dfc305c51")
    #expect(
      SourceDigest.hexadecimal(digest.content) == "f1b7712772b7b4004c2b8c9d2a61a3b5291b152597ca8bc81987d020150d4e3a")
  }

  /// The content digest is of the tensors, whatever their order in the file and the spacing of the header.
  @Test func contentDoesNotDependOnLayout() throws {
    let one = try Self.digest(
      "{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},"
        + "\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[2,4]}}", [1, 2, 3, 4])
    let other = try Self.digest(
      "{\"b\":{\"shape\":[1],\"dtype\":\"F16\",\"data_offsets\":[0,2]},"
        + "\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[2,4]}}  ", [3, 4, 1, 2])
    #expect(one.content == other.content)
    #expect(one.files != other.files)
  }

  /// The Python package's recorder hashed the whole file.
  @Test(arguments: [Fixtures.debianTags, Fixtures.randomTiny])
  func fileDigestIsTheRecordedOne(_ folder: String) throws {
    let lines = try String(contentsOfFile: folder + "/reference.jsonl", encoding: .utf8).split(separator: "\n")
    let first = try JSONDocument(String(try #require(lines.first)), path: folder).root
    let recorded = try first.required("reference").required("checkpoint_sha256").requireString()
    let checkpoint = try Checkpoint.open(folder)
    #expect(SourceDigest.hexadecimal(try SourceDigest.compute(checkpoint).files[0].sha256) == recorded)
    #expect(SourceDigest.hexadecimal(try SourceDigest.file(checkpoint.weights.path).sha256) == recorded)
  }

  @Test func missingFileIs66() throws {
    let error = checkpointError { () throws(CheckpointError) in try SourceDigest.file("/nowhere/x") }
    #expect(error?.exitStatus == .missingInput)
  }
}
