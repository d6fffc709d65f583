import Glibc
import ModelCore

/// Reads the file at `path` from start to end through one buffer, without mapping it.
/// - Parameters:
///   - expectedSize: Bytes that the file must have, `nil` for whatever it has.
///   - body: Gets consecutive bytes, which must not escape it, and their offset in the file.
func readWhole(
  _ path: String, expectedSize: Int?, _ body: (UnsafeRawBufferPointer, Int) -> Void
) throws(CheckpointError) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .core(.cannotOpen(path: path, reason: systemReason())) }
  defer { close(descriptor) }
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  // Small enough to stay in a second-level cache while it is hashed twice.
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
  defer { buffer.deallocate() }
  var offset = 0
  while true {
    let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw .core(.readFailed(path: path, reason: systemReason())) }
    if count == 0 { break }
    body(UnsafeRawBufferPointer(rebasing: buffer[..<count]), offset)
    offset += count
    if let expectedSize, offset > expectedSize { break }
  }
  if let expectedSize, offset != expectedSize {
    let change = offset < expectedSize ? "shorter" : "longer"
    let reason = "the file became \(change) than its \(expectedSize) bytes while it was read"
    throw .core(.readFailed(path: path, reason: reason))
  }
}
