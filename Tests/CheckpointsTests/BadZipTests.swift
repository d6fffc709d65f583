import Checkpoints
import ModelCore
import Testing

/// Every way a zip archive can be wrong, each made from an archive with nothing wrong by changing what its name says.
///
/// Where it is libzip that refuses one, its words are not compared: they depend on its version.
@Suite struct BadZipTests {
  @Test(arguments: noArchives + badEnds + badDirectories + badWideEnds)
  func badEndIsRefused(_ bad: BadFile) throws { try BadPickleTests.expectRefusal(bad) }

  @Test(arguments: badRecords + badLocals + badSizes + sharedBytes)
  func badEntryIsRefused(_ bad: BadFile) throws { try BadPickleTests.expectRefusal(bad) }

  @Test(arguments: badContents)
  func badContentIsRefused(_ bad: BadFile) throws { try BadPickleTests.expectRefusal(bad) }

  /// Archives with two directories. The last one, in the comment of the first, is the one that is read here; libzip takes the
  /// one that it finds less wrong, and what that is depends on its version.
  @Test func secondDirectoryIsRefused() throws {
    try expectSecondDirectoryRefused(changing: 0, order: [0, 1, 2], differing: "archive/data.pkl")
    try expectSecondDirectoryRefused(changing: 2, order: [0, 1, 2], differing: "archive/data/0")
    // Each entry of the first is in the last one too, which has another that libzip would not see.
    try expectSecondDirectoryRefused(changing: 2, order: [0, 1, 1], differing: "archive/byteorder")
  }

  private func expectSecondDirectoryRefused(changing changed: Int, order: [Int], differing: String) throws {
    var first = Self.good
    first.order = order
    var last = Self.good
    last.entries[changed].central.crc ^= 1
    last.end.offset = UInt32(first.layout.end + 22)
    let layout = last.layout
    first.end.comment = Array(last.bytes[layout.directory...])
    let folder = try TemporaryFolder()
    let path = try folder.write("two.pt", first.bytes)
    #expect(layout.end + 22 == last.bytes.count)
    let error = checkpointError { () throws(CheckpointError) in try PyTorchFile(path: path) }
    expectUserMessage(error, path: path)
    let refusals: [CheckpointError] = [
      .zip(path: path, .differs(entry: differing)), .zip(path: path, .inconsistent(reason: "")),
    ]
    #expect(error.map { refusals.contains($0.withoutLibzipsWords) } == true, "\(String(describing: error))")
  }

  /// The builder's own archive, before it is changed.
  static let good = TorchArchive.builder()

  static func changed(
    _ name: String, _ edit: (inout ZipBuilder) -> Void, _ error: @escaping @Sendable (String) -> CheckpointError
  ) -> BadFile {
    var builder = good
    edit(&builder)
    return BadFile(name, builder.bytes, error)
  }

  /// The same for an error of the archive alone.
  static func changed(_ name: String, _ violation: ZipViolation, _ edit: (inout ZipBuilder) -> Void) -> BadFile {
    changed(name, edit) { .zip(path: $0, violation) }
  }

  /// The same for one entry: the pickle, unless another is said.
  static func entry(
    _ name: String, _ violation: ZipViolation, at index: Int = 0, _ edit: (inout ZipBuilder.Entry) -> Void
  ) -> BadFile {
    changed(name, violation) { edit(&$0.entries[index]) }
  }
}
