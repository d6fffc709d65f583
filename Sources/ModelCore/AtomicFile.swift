import CPlatform
import Glibc
import Synchronization

/// A file that appears under its name whole, or not at all.
///
/// Bytes go to a nameless file in the same directory (or a temporary sibling where the file system has no O_TMPFILE);
/// ``commit()`` syncs it and renames it over the target. Unless committed, nothing is left. (A process killed just between
/// naming and renaming leaves the whole temporary file; one killed without O_TMPFILE leaves what it had written.) Not thread-safe except ``write(_:at:)``, which may be called from several threads.
public final class AtomicFile: Sendable {
  /// The path the file will have.
  public let path: String
  let descriptor: Int32
  private let directory: String
  private let temporaryPath: String
  private let isNamed: Bool
  /// Tells the temporary files of one process apart.
  private static let created = Atomic<Int>(0)

  /// Creates the temporary file beside `path`.
  /// - Throws: ``ModelCoreError/cannotCreate(path:reason:)``.
  public init(path: String) throws(ModelCoreError) {
    self.path = path
    let slash = path.lastIndex(of: "/")
    directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    temporaryPath = "\(path).tmp-\(getpid())-\(Self.created.add(1, ordering: .relaxed).newValue)"
    guard !path.isEmpty else { throw .cannotCreate(path: path, reason: "expected a file name, found none") }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw .cannotCreate(path: path, reason: "exists and is not a regular file")
    }
    let nameless = glcp_open_nameless(directory, 0o644)
    if nameless >= 0 {
      descriptor = nameless
      isNamed = false
      return
    }
    let named = open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard named >= 0 else { throw .cannotCreate(path: path, reason: systemReason()) }
    descriptor = named
    isNamed = true
  }

  deinit {
    close(descriptor)
    if isNamed { unlink(temporaryPath) }
  }

  /// Reserves `size` bytes on disk, so that a full disk is noticed before the work is done.
  public func reserve(_ size: Int) throws(ModelCoreError) {
    guard size > 0 else { return }
    var code = posix_fallocate(descriptor, 0, off_t(size))
    while code == EINTR { code = posix_fallocate(descriptor, 0, off_t(size)) }
    guard code == 0 || code == EINVAL || code == EOPNOTSUPP else {
      throw .writeFailed(path: path, reason: systemReason(code))
    }
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw .writeFailed(path: path, reason: systemReason()) }
  }

  /// Writes all of `bytes` at `offset`.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ModelCoreError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw .writeFailed(path: path, reason: systemReason()) }
      done += written
    }
  }

  /// Writes all of `bytes` at `offset`.
  public func write(_ bytes: [UInt8], at offset: Int) throws(ModelCoreError) {
    let result: Result<Void, ModelCoreError> = bytes.withUnsafeBytes { buffer in
      do throws(ModelCoreError) {
        return .success(try write(buffer, at: offset))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Syncs the file and gives it its name, replacing what was there.
  /// - Parameter syncs: false for what is thrown away again.
  public consuming func commit(syncs: Bool = true) throws(ModelCoreError) {
    guard !syncs || fsync(descriptor) == 0 else { throw .writeFailed(path: path, reason: systemReason()) }
    // A new name is one step. Only where there is an old file does a temporary name stand beside it, for an instant.
    if isNamed || glcp_link_nameless(descriptor, path) != 0 {
      guard isNamed || glcp_link_nameless(descriptor, temporaryPath) == 0 else {
        throw .writeFailed(path: path, reason: systemReason())
      }
      guard rename(temporaryPath, path) == 0 else {
        let reason = systemReason()
        unlink(temporaryPath)
        throw .writeFailed(path: path, reason: reason)
      }
    }
    guard syncs else { return }
    let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }
}
