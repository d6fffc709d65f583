import Foundation
import Glibc
import ModelCore
import Testing

/// Serialized because one of the tests takes more mappings than any program does.
@Suite(.serialized) final class MappedFileTests {
  static let page = Int(sysconf(Int32(_SC_PAGESIZE)))
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func bytes(_ file: MappedFile) -> [UInt8] { file.withBytes { Array($0) } }

  func openError(_ path: String) -> ModelCoreError? {
    coreError { () throws(ModelCoreError) in try MappedFile(path: path) }
  }

  @Test func readsWhatIsThere() throws {
    for size in [1, 63, Self.page - 1, Self.page, Self.page + 1, 3 * Self.page + 17] {
      let written = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
      let path = try folder.write("file", written)
      let file = try MappedFile(path: path)
      #expect(file.size == size && file.path == path)
      #expect(bytes(file) == written)
      try file.checkIntact()
    }
  }

  @Test func emptyFile() throws {
    let file = try MappedFile(path: folder.write("empty", []))
    #expect(file.size == 0)
    #expect(bytes(file) == [])
    file.discard(0..<0)
    file.discard(0..<10)
    try file.checkIntact()
  }

  @Test func missing() throws {
    let path = folder.path + "/nothing"
    #expect(openError(path) == .cannotOpen(path: path, reason: "No such file or directory"))
    #expect(openError(path)?.exitStatus == .missingInput)
    #expect(openError("") == .cannotOpen(path: "", reason: "No such file or directory"))
  }

  @Test func notAFile() throws {
    #expect(openError(folder.path) == .cannotOpen(path: folder.path, reason: "expected a file, found a directory"))
    #expect(
      openError("/dev/null") == .cannotOpen(path: "/dev/null", reason: "expected a file, found not a regular file"))
    let loop = folder.path + "/loop"
    symlink(loop, loop)
    guard case .cannotOpen(loop, _) = openError(loop) else {
      Issue.record("expected cannotOpen for a link to itself")
      return
    }
  }

  /// A pipe is refused at once: opening one for reading waits for a writer who may never come.
  @Test func aPipeIsRefusedWithoutWaiting() throws {
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    // After two seconds a writer comes, so that a hang becomes a failure.
    let rescued = Rescue(pipe: pipe, after: 2)
    guard case .cannotOpen = openError(pipe) else {
      Issue.record("expected cannotOpen for a pipe")
      return
    }
    #expect(!rescued.finish(), "opening a pipe waited for a writer")
  }

  /// The size may be anything that the file system says: one in memory allows sizes that no address space has.
  @Test func cannotMap() throws {
    let path = "/dev/shm/modelcore-\(UUID().uuidString)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    defer {
      close(descriptor)
      unlink(path)
    }
    guard descriptor >= 0, ftruncate(descriptor, 1 << 60) == 0 else {
      print("cannotMap: skipped, no file of 2^60 bytes can be made here")
      return
    }
    guard case .readFailed(path, let reason) = openError(path) else {
      Issue.record("expected readFailed")
      return
    }
    #expect(reason.hasPrefix("cannot map"))
    #expect(openError(path)?.exitStatus == .inputOutput)
  }

  @Test func discardedPagesCanBeReadAgain() throws {
    let written = (0..<5 * Self.page + 100).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let file = try MappedFile(path: folder.write("file", written))
    for range in [
      0..<0, 0..<1, 1..<Self.page + 1, 0..<written.count, 5 * Self.page..<written.count, Self.page..<3 * Self.page,
    ] {
      #expect(bytes(file) == written)
      file.discard(range)
    }
    // Ranges that are not the file's are left alone.
    for range in [-5..<10, 0..<written.count + 1, Int.max - 1..<Int.max, -2 ..< -1] { file.discard(range) }
    #expect(bytes(file) == written)
    try file.checkIntact()
  }

  @Test(arguments: [0, 1, page - 1, page, page + 1, 2 * page, 3 * page])
  func shortenedWhileMapped(_ rest: Int) throws {
    let written = [UInt8](repeating: 0xA5, count: 4 * Self.page)
    let path = try folder.write("file", written)
    let file = try MappedFile(path: path)
    try file.checkIntact()
    #expect(truncate(path, off_t(rest)) == 0)
    // No signal; what is left reads as it was, and what vanished as zeros.
    #expect(bytes(file).prefix(rest) == written.prefix(rest))
    #expect(bytes(file).suffix(Self.page) == [UInt8](repeating: 0, count: Self.page)[...])
    let error = coreError { () throws(ModelCoreError) in try file.checkIntact() }
    guard case .readFailed(path, let reason) = error else {
      Issue.record("expected readFailed, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(reason.contains("\(written.count)"))
    #expect(error?.exitStatus == .inputOutput)
  }

  /// Within its last page a file can be shortened without any fault.
  @Test func shortenedWithinAPage() throws {
    let path = try folder.write("file", [UInt8](repeating: 7, count: 100))
    let file = try MappedFile(path: path)
    #expect(truncate(path, 50) == 0)
    _ = bytes(file)
    guard case .readFailed = coreError({ () throws(ModelCoreError) in try file.checkIntact() }) else {
      Issue.record("expected readFailed: half of the bytes read as zeros")
      return
    }
  }

  @Test func otherMappingsAreNotBlamed() throws {
    let content = [UInt8](repeating: 3, count: 2 * Self.page)
    let victim = try MappedFile(path: folder.write("victim", content))
    let other = try MappedFile(path: folder.write("other", content))
    #expect(truncate(victim.path, 0) == 0)
    _ = bytes(victim)
    #expect(coreError { () throws(ModelCoreError) in try victim.checkIntact() } != nil)
    #expect(bytes(other) == content)
    try other.checkIntact()
    // A mapping made afterwards does not inherit the damage of one that went.
    let again = try MappedFile(path: folder.write("victim", content))
    #expect(bytes(again) == content)
    try again.checkIntact()
  }

  @Test func shortenedJSONIsAReadError() throws {
    let path = try folder.write("big.json", Array(("[" + String(repeating: "1,", count: 20_000) + "1]").utf8))
    let file = try MappedFile(path: path)
    #expect(truncate(path, 0) == 0)
    #expect(bytes(file).allSatisfy { $0 == 0 })
    #expect(coreError { () throws(ModelCoreError) in try file.checkIntact() }?.exitStatus == .inputOutput)
  }

  @Test func manyAtOnce() throws {
    var files: [MappedFile] = []
    for index in 0..<300 {
      files.append(
        try MappedFile(path: folder.write("\(index)", Array(repeating: UInt8(index % 251), count: 1 + index))))
    }
    for (index, file) in files.enumerated() {
      #expect(bytes(file) == Array(repeating: UInt8(index % 251), count: 1 + index))
      try file.checkIntact()
    }
    files.removeAll()
    // All slots are free again.
    let content = [UInt8](repeating: 1, count: 2 * Self.page)
    let late = try MappedFile(path: folder.write("late", content))
    #expect(truncate(late.path, 0) == 0)
    _ = bytes(late)
    #expect(coreError { () throws(ModelCoreError) in try late.checkIntact() } != nil)
  }
}
