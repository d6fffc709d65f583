import CKernels
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// A verdict in a `.glc`: it says what was put there, of that file and no other, and changes nothing else.
@Suite struct StampTests {
  private let folder: TemporaryFolder
  private let path: String
  private let original: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    original = try GoodFile().bytes
    path = folder.file("model.glc")
    try Data(original).write(to: URL(filePath: path))
  }

  private static let metric = JSON.object([
    ("reference", .double(0.8712)), ("model", .double(0.8706)), ("drift", .double(0.0006)),
    ("interval", .array([.double(-0.001), .double(0.002)])),
  ])

  static let verdict: [(String, JSON)] = [
    ("schema", .int(1)), ("passes", .bool(true)), ("mode", .string("multi-label")), ("threshold", .float(0.3)),
    ("confidence", .double(0.95)), ("micro_f1", metric), ("macro_f1", .null), ("flips", .int(3)),
    ("logit_error", .object([("mean", .double(0.01)), ("p99", .double(0.05)), ("maximum", .double(0.1))])),
    ("bounds", .array([])), ("differs", .array([])), ("allowed", .array([])),
    (
      "data",
      .object([
        ("name", .string("quotes \" and ,\"verdict\": and \u{E9}\u{1F600}")),
        ("sha256", .string(String(repeating: "0", count: 64))),
      ])
    ),
    ("reference", .object([])), ("verifier", .object([])),
  ]

  private func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

  private func stamp(_ verdict: [(String, JSON)] = Self.verdict) throws {
    try GLCStamp.write(verdict, to: GLCFile(path: path))
  }

  @Test func saysWhatWasPutThere() throws {
    #expect(try GLCFile(path: path).stamp == nil)
    try stamp()
    let file = try GLCFile(path: path)
    #expect(file.version == "1.1")
    let stamp = try #require(file.stamp)
    #expect(stamp.isValid && stamp.changed == [])
    #expect(stamp.verdict.keys == Self.verdict.map(\.0) + ["of"])
    #expect(stamp.verdict.member("threshold")?.numberText == "0.3")
    #expect(stamp.verdict.member("data")?.member("name")?.string == "quotes \" and ,\"verdict\": and \u{E9}\u{1F600}")
    #expect(stamp.verdict.member("of")?.keys == ["weights", "tokenizer", "metadata", "numerics"])
  }

  /// What the verdict is said of is what the specification says, by a CRC-32 of other code; and nothing else in the file changes.
  @Test func changesNothingElse() throws {
    try stamp()
    let stamped = try GoodFile(path: path)
    let before = try GoodFile(path: Converted.glc(Fixtures.path("random-tiny"), .q8))
    let metadata = try before.section(1).range
    #expect(stamped.bytes[4096..<metadata.lowerBound] == original[4096..<metadata.lowerBound])
    #expect(try stamped.section(1).range.lowerBound == metadata.lowerBound)
    let of = try #require(try GLCFile(path: path).stamp?.verdict.member("of"))
    for (key, kind) in [("weights", 2), ("tokenizer", 3), ("metadata", 1)] {
      let section = Array(original[try before.section(kind).range])
      let checksum = section.withUnsafeBytes { glck_crc32_portable(0, $0.baseAddress, $0.count) }
      let digits = String(checksum, radix: 16)
      #expect(of.member(key)?.string == String(repeating: "0", count: 8 - digits.count) + digits)
    }
    #expect(of.member("numerics")?.string == "1")
    try GLCFile(path: path).checkTensorData()
  }

  /// The reader that is written from the specification alone agrees.
  @Test func otherReaders() throws {
    try stamp()
    let (status, output) = try Python.run("read_glc.py", [path, "--check"])
    #expect(status == 0, "\(output)")
    let (_, summary) = try Python.run("read_glc.py", [path])
    #expect(summary.contains("verdict: valid"), "\(summary.prefix(400))")
    var bytes = try bytes()
    try change(&bytes, "\"maximum_length\": 1024", "\"maximum_length\": 1023")
    try Data(bytes).write(to: URL(filePath: path))
    let (other, changed) = try Python.run("read_glc.py", [path])
    #expect(other == 0 && changed.contains("verdict: void (metadata)"), "\(changed.prefix(400))")
  }

  @Test func logitsAreTheSame() throws {
    let texts = ["One day I will see the world!", "", "a package of fonts"]
    func logits() throws -> [[UInt32]] {
      let session = try GLiClassModel(path: path).makeSession()
      return try texts.map { try session.classify($0, labels: ["travel", "fonts"]).labels.map(\.logit.bitPattern) }
    }
    let before = try logits()
    try stamp()
    #expect(try logits() == before)
  }

  /// The same verdict gives the same bytes, whatever was there; a shorter one leaves nothing of a longer one.
  @Test func again() throws {
    try stamp()
    let first = try bytes()
    try stamp()
    #expect(try bytes() == first)
    let short: [(String, JSON)] = [("schema", .int(1)), ("passes", .bool(false))]
    try stamp(short)
    let second = try bytes()
    #expect(second.count < first.count)
    let verdict = try #require(try GLCFile(path: path).stamp)
    #expect(verdict.isValid && verdict.verdict.keys == ["schema", "passes", "of"])
    // What a verdict is of is found out, not taken over.
    try stamp(Self.verdict + [("of", .object([("weights", .string("00000000"))]))])
    #expect(try bytes() == first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.glc"])
  }

  @Test func version2() throws {
    let kept = try Data(contentsOf: URL(filePath: Fixtures.path("glc/2.0-tiny-q8.glc")))
    try kept.write(to: URL(filePath: path))
    try stamp()
    let file = try GLCFile(path: path)
    #expect(file.version == "2.1" && file.stamp?.isValid == true)
    let (status, output) = try Python.run("read_glc.py", [path, "--check"])
    #expect(status == 0, "\(output)")
  }

  /// A session on the old file goes on, although its name leads to the new one.
  @Test func readersGoOn() throws {
    let session = try GLiClassModel(path: path).makeSession()
    let before = try session.classify("a text", labels: ["a", "b"]).labels.map(\.logit)
    let file = try GLCFile(path: path)
    try stamp()
    #expect(try session.classify("a text", labels: ["a", "b"]).labels.map(\.logit) == before)
    try file.checkTensorData()
    #expect(file.stamp == nil)
  }
}

/// What voids a verdict, and where none can be put.
@Suite struct VoidStampTests {
  private let folder: TemporaryFolder
  private let path: String
  private let good: GoodFile

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("model.glc")
    try Data(try GoodFile().bytes).write(to: URL(filePath: path))
    try GLCStamp.write(StampTests.verdict, to: GLCFile(path: path))
    good = try GoodFile(path: path)
  }

  private func changed(_ edit: (inout [UInt8]) throws -> Void) throws -> [GLCStamp.Part]? {
    var bytes = good.bytes
    try edit(&bytes)
    bytes.mendChecksums()
    return try bytes.open(folder).stamp?.changed
  }

  @Test func unchanged() throws { #expect(try changed { _ in } == []) }

  /// One weight, and its checksum mended in the directory: the file is good, and no longer what was verified.
  @Test func weights() throws {
    let data = try good.section(4).range
    let directory = try good.section(2).range
    let found = try changed { bytes in
      bytes[data.lowerBound] ^= 1
      let size = Int(good.integer(directory.lowerBound + 16 + 40, 8))
      let checksum = Array(bytes[data.lowerBound..<data.lowerBound + size]).withUnsafeBytes {
        glck_crc32_portable(0, $0.baseAddress, $0.count)
      }
      bytes.put(UInt64(checksum), at: directory.lowerBound + 16 + 48, 4)
    }
    #expect(found == [.weights])
    // Without the directory's, the file is damaged.
    var bytes = good.bytes
    bytes[data.lowerBound] ^= 1
    let file = try bytes.open(folder)
    #expect(file.stamp?.isValid == true)
    #expect(throws: GLCFormatError.self) { try file.checkTensorData() }
  }

  @Test func tokenizer() throws {
    let section = try good.section(3).range
    #expect(try changed { $0[section.upperBound - 1] ^= 1 } == [.tokenizer])
  }

  static let edits = [
    ("\"maximum_length\": 1024", "\"maximum_length\": 1023"), ("\"prompt_first\": true", "\"prompt_first\":false"),
    ("\"layer_norm_epsilon\": 1e-07", "\"layer_norm_epsilon\": 1e-06"),
    ("\"name\": \"gliclass-convert\"", "\"name\": \"gliclass-Convert\""),
  ]

  @Test(arguments: edits)
  func metadata(_ text: String, _ other: String) throws {
    #expect(try changed { try change(&$0, text, other) } == [.metadata])
  }

  /// A verdict that says less of what it is of, or is written otherwise.
  @Test func form() throws {
    #expect(try changed { try change(&$0, "\"numerics\": \"1\"", "\"numerics\": \"2\"") } == [.numerics])
    #expect(try changed { try change(&$0, "\"schema\": 1", "\"schema\": 0") } == [.verdict])
    #expect(try changed { try change(&$0, "\"schema\": 1", "\"schemo\": 1") } == [.verdict])
    #expect(try changed { try change(&$0, "\"of\": ", "\"on\": ") } == [.verdict])
    #expect(try changed { try change(&$0, "\"weights\": \"", "\"Weights\": \"") } == [.weights])
    #expect(try changed { try change(&$0, ",\"verdict\":{ ", ",\"verdict\": {") } == [.verdict])
    let path = folder.file("spoilt.glc")
    #expect(thrown(GLCFormatError.self) { try GLCStamp.write([], to: GLCFile(path: path)) }?.exitStatus == .badData)
  }

  @Test func anotherFileInItsPlace() throws {
    let file = try GLCFile(path: path)
    let other = folder.file("other.glc")
    try Data(good.bytes).write(to: URL(filePath: other))
    #expect(rename(other, path) == 0)
    let error = thrown(GLCFormatError.self) { try GLCStamp.write([("schema", .int(1))], to: file) }
    #expect(error?.exitStatus == .cannotCreate && error?.message.contains("another file") == true)
    #expect(try [UInt8](Data(contentsOf: URL(filePath: path))) == good.bytes)
  }

  @Test func noFolderToWriteIn() throws {
    let file = try GLCFile(path: path)
    #expect(rename(folder.path, folder.path + "-moved") == 0)
    defer { rename(folder.path + "-moved", folder.path) }
    let error = thrown(GLCFormatError.self) { try GLCStamp.write([("schema", .int(1))], to: file) }
    #expect(error?.exitStatus == .cannotCreate)
  }

  @Test(.enabled(if: geteuid() != 0)) func readOnlyFolder() throws {
    chmod(folder.path, 0o555)
    defer { chmod(folder.path, 0o755) }
    let file = try GLCFile(path: path)
    let error = thrown(GLCFormatError.self) { try GLCStamp.write([], to: file) }
    #expect(error?.exitStatus == .cannotCreate)
    #expect(try [UInt8](Data(contentsOf: URL(filePath: path))) == good.bytes)
  }

  /// Permissions stay, and so does a symbolic link: the file that it leads to is stamped.
  @Test func permissionsAndLinks() throws {
    let link = folder.file("link.glc")
    chmod(path, 0o600)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "model.glc")
    try GLCStamp.write([("schema", .int(1))], to: GLCFile(path: link))
    let attributes = try FileManager.default.attributesOfItem(atPath: link)
    #expect(attributes[.type] as? FileAttributeType == .typeSymbolicLink)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    #expect(try GLCFile(path: path).stamp?.verdict.keys == ["schema", "of"])
  }
}

/// Replaces `text`, which must be in the bytes, once, by another of the same size.
private func change(_ bytes: inout [UInt8], _ text: String, _ other: String) throws {
  let (text, other) = (Array(text.utf8), Array(other.utf8))
  try #require(text.count == other.count)
  let start = try #require(
    (0...bytes.count - text.count).last { bytes[$0] == text[0] && bytes[$0..<$0 + text.count].elementsEqual(text) })
  bytes.replaceSubrange(start..<start + text.count, with: other)
  bytes.mendChecksums()
}
