import CPlatform
import Glibc
import Synchronization

/// A file mapped read-only, whole.
///
/// Bytes are lent through closures and must not escape them. The file may be shortened by someone else while it is
/// mapped: the pages that vanish then read as zero, and ``checkIntact()`` throws from then on, so callers ask after they
/// have read what they came for. Thread-safe.
public final class MappedFile: Sendable {
  /// The path it was opened by, for error messages.
  public let path: String
  /// Bytes in the file when it was opened.
  public let size: Int
  // SAFETY: set once, never written through, unmapped in deinit only.
  nonisolated(unsafe) private let base: UnsafeRawPointer?
  private let guardSlot: Int32
  /// Kept open to ask the file's size; -1 for an empty file.
  let descriptor: Int32
  private let failedToRead = Atomic<Bool>(false)

  /// Maps the regular file at `path`.
  /// - Throws: ``ModelCoreError/cannotOpen(path:reason:)``, ``ModelCoreError/readFailed(path:reason:)``.
  public init(path: String) throws(ModelCoreError) {
    // Non-blocking, because opening a pipe would wait for its writer before anyone could say that it is none.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemReason()) }
    var isKept = false
    defer { if !isKept { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotOpen(path: path, reason: systemReason()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
      throw .cannotOpen(path: path, reason: "expected a file, found \(kind)")
    }
    self.path = path
    size = Int(status.st_size)
    guard size > 0 else {
      base = nil
      guardSlot = -1
      self.descriptor = -1
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
      throw .readFailed(path: path, reason: "cannot map: \(systemReason())")
    }
    base = UnsafeRawPointer(address)
    guardSlot = glcp_guard_register(address, size)
    self.descriptor = descriptor
    isKept = true
  }

  deinit {
    guard let base else { return }
    close(descriptor)
    glcp_guard_unregister(guardSlot)
    munmap(UnsafeMutableRawPointer(mutating: base), size)
  }

  /// Lends all bytes of the file.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: size))
  }

  /// The bytes of the mapping, which live as long as this object does. For owners that keep the file beside the pointer.
  package var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: size) }

  /// Throws when the file was shortened: when a page that was read had vanished, or the file is shorter now, because
  /// the part of its last page that was cut off reads as zeros without a signal.
  public func checkIntact() throws(ModelCoreError) {
    var status = stat()
    let isShorter = descriptor >= 0 && fstat(descriptor, &status) == 0 && Int(status.st_size) < size
    if isShorter || glcp_guard_damaged(guardSlot) != 0 {
      throw .readFailed(path: path, reason: "the file became shorter than its \(size) bytes while it was read")
    }
    if failedToRead.load(ordering: .relaxed) { throw .readFailed(path: path, reason: systemReason(EIO)) }
  }

  /// Copies the bytes from `offset` on without mapping them: of a large table from which single rows are wanted, the
  /// system maps, and reads from a disk, many pages around each. Bytes that cannot be read are zeros, and
  /// ``checkIntact()`` throws.
  package func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
    var done = 0
    while done < target.count {
      let count = pread(descriptor, target.baseAddress.map { $0 + done }, target.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        UnsafeMutableRawBufferPointer(rebasing: target[done...]).initializeMemory(as: UInt8.self, repeating: 0)
        return failedToRead.store(true, ordering: .relaxed)
      }
      done += count
    }
  }

  /// 4,096 bytes, on some arm64 systems 16,384 or 65,536.
  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// Tells the system that `range` will be read soon: it reads what it does not hold, in large pieces and meanwhile.
  package func prefetch(_ range: Range<Int>) {
    guard let base, !range.isEmpty, range.lowerBound >= 0, range.upperBound <= size else { return }
    let start = range.lowerBound / Self.pageSize * Self.pageSize
    madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, MADV_WILLNEED)
  }

  /// Tells the system that `range` has been read for the last time, so that its pages no longer count as resident.
  public func discard(_ range: Range<Int>) {
    guard let base, !range.isEmpty, range.lowerBound >= 0, range.upperBound <= size else { return }
    let page = Self.pageSize
    let start = range.lowerBound / page * page
    let end = range.upperBound == size ? size : range.upperBound / page * page
    guard end > start else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }
}

/// The text of `errno`.
package func systemReason(_ code: Int32 = errno) -> String {
  String(cString: strerror(code))
}
