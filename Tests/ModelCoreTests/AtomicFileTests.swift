import Foundation
import Glibc
import ModelCore
import Testing

@Suite final class AtomicFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func createError(_ path: String) -> ModelCoreError? {
    coreError { () throws(ModelCoreError) in try AtomicFile(path: path) }
  }

  @Test func appearsWholeAndOnlyThen() throws {
    let path = folder.path + "/out"
    let file = try AtomicFile(path: path)
    #expect(file.path == path)
    try file.write([1, 2, 3], at: 0)
    try file.write([9], at: 5)
    #expect(!FileManager.default.fileExists(atPath: path))
    try file.commit()
    #expect(try contents(path) == [1, 2, 3, 0, 0, 9])
    #expect(try folder.names == ["out"])
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 & ~0o644 == 0)
  }

  @Test func replacesInOneStep() throws {
    let path = try folder.write("out", Array("old".utf8))
    let reader = try MappedFile(path: path)
    let file = try AtomicFile(path: path)
    try file.write(Array("newer".utf8), at: 0)
    #expect(try contents(path) == Array("old".utf8))
    try file.commit()
    #expect(try contents(path) == Array("newer".utf8))
    // Whoever has the old file mapped keeps it: it was replaced, not overwritten.
    #expect(reader.withBytes { Array($0) } == Array("old".utf8))
    try reader.checkIntact()
    #expect(try folder.names == ["out"])
  }

  @Test func droppedLeavesNothing() throws {
    let path = folder.path + "/out"
    do {
      let file = try AtomicFile(path: path)
      try file.write([1], at: 0)
      try file.reserve(100_000)
      withExtendedLifetime(file) {}
    }
    #expect(try folder.names == [])
    _ = try folder.write("out", [7])
    do { try AtomicFile(path: path).write([1], at: 0) }
    #expect(try folder.names == ["out"])
    #expect(try contents(path) == [7])
  }

  @Test func reserves() throws {
    let path = folder.path + "/out"
    let file = try AtomicFile(path: path)
    try file.reserve(0)
    try file.reserve(-1)
    try file.reserve(10_000)
    try file.write([5], at: 9_999)
    try file.commit()
    let found = try contents(path)
    #expect(found.count == 10_000 && found.last == 5 && found.dropLast().allSatisfy { $0 == 0 })
  }

  @Test func emptyFile() throws {
    let path = folder.path + "/out"
    let file = try AtomicFile(path: path)
    try file.write([], at: 0)
    try file.commit()
    #expect(try contents(path) == [])
  }

  @Test func writesFromSeveralThreads() throws {
    let path = folder.path + "/out"
    let file = try AtomicFile(path: path)
    DispatchQueue.concurrentPerform(iterations: 64) { index in
      #expect(
        coreError { () throws(ModelCoreError) in
          try file.write([UInt8](repeating: UInt8(index), count: 1000), at: index * 1000)
        } == nil)
    }
    try file.commit()
    #expect(try contents(path) == (0..<64).flatMap { [UInt8](repeating: UInt8($0), count: 1000) })
  }

  @Test func targetIsADirectory() throws {
    #expect(createError(folder.path) == .cannotCreate(path: folder.path, reason: "exists and is not a regular file"))
    #expect(createError(folder.path + "/") != nil)
    #expect(createError("/dev/null") == .cannotCreate(path: "/dev/null", reason: "exists and is not a regular file"))
    #expect(createError(folder.path)?.exitStatus == .cannotCreate)
    #expect(try folder.names == [])
  }

  @Test func noSuchDirectory() throws {
    let path = folder.path + "/absent/out"
    #expect(createError(path) == .cannotCreate(path: path, reason: "No such file or directory"))
    let file = try folder.write("file", [1])
    #expect(createError(file + "/out") == .cannotCreate(path: file + "/out", reason: "Not a directory"))
    #expect(try folder.names == ["file"])
  }

  @Test(arguments: ["", "/"]) func noNameAtAll(_ path: String) {
    guard case .cannotCreate(path, _) = createError(path) else {
      Issue.record("expected cannotCreate for \"\(path)\"")
      return
    }
  }

  /// The target becomes a directory while the file is written: the rename fails, and nothing is left behind.
  @Test func renameFails() throws {
    let path = folder.path + "/out"
    let file = try AtomicFile(path: path)
    try file.write([1], at: 0)
    #expect(mkdir(path, 0o755) == 0)
    #expect(
      coreError { () throws(ModelCoreError) in try file.commit() }
        == .writeFailed(path: path, reason: "Is a directory"))
    #expect(try folder.names == ["out"])
  }

  /// The folder goes away while the file is written.
  @Test func folderVanishes() throws {
    let inner = folder.path + "/inner"
    #expect(mkdir(inner, 0o755) == 0)
    let file = try AtomicFile(path: inner + "/out")
    #expect(rmdir(inner) == 0)
    guard case .writeFailed = coreError({ () throws(ModelCoreError) in try file.commit() }) else {
      Issue.record("expected writeFailed")
      return
    }
  }

  @Test func badOffset() throws {
    let file = try AtomicFile(path: folder.path + "/out")
    #expect(
      coreError { () throws(ModelCoreError) in try file.write([1], at: -1) }
        == .writeFailed(path: file.path, reason: "Invalid argument"))
  }
}
