import Glibc

/// What tells whether two paths lead to one file.
package struct FileIdentity: Equatable {
  private let device: dev_t
  private let inode: ino_t

  /// `nil` where there is no file.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
  }

  /// The file that is open, whatever its path leads to by now; `nil` for an empty one.
  package init?(_ file: MappedFile) {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
  }
}
