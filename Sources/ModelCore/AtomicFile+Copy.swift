import CPlatform
import Glibc

extension AtomicFile {
  /// Copies the bytes of `file` in `range` to the same place: in the kernel where it can, and on file systems that share blocks
  /// without writing them again.
  /// - Throws: ``ModelCoreError/writeFailed(path:reason:)``, and ``ModelCoreError/readFailed(path:reason:)`` where `file` has become
  ///   shorter.
  package func copy(_ range: Range<Int>, of file: MappedFile) throws(ModelCoreError) {
    var done = range.lowerBound
    while done < range.upperBound {
      let copied = glcp_copy_range(file.descriptor, descriptor, done, range.upperBound - done)
      if copied < 0, errno == EINTR { continue }
      if copied < 0, [ENOSPC, EFBIG, EDQUOT, EIO].contains(errno) {
        throw .writeFailed(path: path, reason: systemReason())
      }
      if copied <= 0 { break }
      done += copied
    }
    // Not between these file systems, or the end of a file that was cut off.
    if done < range.upperBound {
      try file.checkIntact()
      try write(UnsafeRawBufferPointer(rebasing: file.unsafeBytes[done..<range.upperBound]), at: done)
    }
    try file.checkIntact()
  }

  /// Gives the file the permissions of `file`: a copy of what few may read is not for all.
  package func copyPermissions(of file: MappedFile) throws(ModelCoreError) {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0, fchmod(descriptor, status.st_mode & 0o777) == 0 else {
      throw .writeFailed(path: path, reason: "permissions: \(systemReason())")
    }
  }
}
