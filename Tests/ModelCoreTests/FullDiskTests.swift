import Foundation
import Glibc
import ModelCore
import Testing

/// A disk that becomes full, in a file system of a few pages. Mounting one takes privileges.
@Suite(.serialized) final class FullDiskTests {
  /// A mounted file system of 64 KiB, `nil` where that is not permitted.
  private let disk: String?
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let mounted = mount("none", folder.path, "tmpfs", 0, "size=64k") == 0
    if !mounted { print("FullDiskTests: skipped, mounting is not permitted: \(String(cString: strerror(errno)))") }
    disk = mounted ? folder.path : nil
  }

  deinit { if let disk { umount2(disk, Int32(MNT_DETACH)) } }

  @Test func writingFails() throws {
    if disk == nil { return }
    let path = try folder.write("out", Array("old".utf8))
    let file = try AtomicFile(path: path)
    let error = coreError { () throws(ModelCoreError) in try file.write([UInt8](repeating: 1, count: 200_000), at: 0) }
    #expect(error == .writeFailed(path: path, reason: "No space left on device"))
    #expect(error?.exitStatus == .inputOutput)
    #expect(try contents(path) == Array("old".utf8))
    #expect(try folder.names == ["out"])
  }

  @Test func reservingFails() throws {
    guard let disk else { return }
    do {
      let file = try AtomicFile(path: disk + "/out")
      let error = coreError { () throws(ModelCoreError) in try file.reserve(200_000) }
      #expect(error == .writeFailed(path: disk + "/out", reason: "No space left on device"))
      withExtendedLifetime(file) {}
    }
    #expect(try folder.names == [])
    // Its space is free again.
    let file = try AtomicFile(path: disk + "/out")
    try file.reserve(50_000)
    try file.commit()
    #expect(try contents(disk + "/out").count == 50_000)
  }
}
