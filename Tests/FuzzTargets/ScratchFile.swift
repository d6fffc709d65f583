import CPlatform
import Glibc
import ModelCore

/// A file without a name in memory, for code that opens paths. An input costs some microseconds so, and no disk.
final class ScratchFile {
  private let descriptor: Int32
  /// Opens it again, as long as this object lives.
  let path: String

  /// A file of `parts`, each at its offset, and zeros elsewhere up to `size`.
  init(_ parts: [(offset: Int, bytes: UnsafeRawBufferPointer)], size: Int) throws {
    descriptor = glcp_open_nameless(Scratch.folder, 0o600)
    path = "/proc/self/fd/\(descriptor)"
    guard descriptor >= 0, ftruncate(descriptor, off_t(size)) == 0 else { throw ScratchError(what: systemReason()) }
    for part in parts where !part.bytes.isEmpty {
      let written = pwrite(descriptor, part.bytes.baseAddress, part.bytes.count, off_t(part.offset))
      guard written == part.bytes.count else { throw ScratchError(what: systemReason()) }
    }
  }

  /// A file of `bytes`.
  convenience init(_ bytes: UnsafeRawBufferPointer) throws { try self.init([(0, bytes)], size: bytes.count) }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

/// A folder that goes when this does, for code that looks for files beside each other.
final class ScratchFolder {
  let path: String
  private var names: [String] = []

  init() throws {
    var template = Array("\(Scratch.folder)/fuzz-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw ScratchError(what: systemReason()) }
    path = String(cString: made)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Writes a file into it.
  func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
    let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ScratchError(what: systemReason()) }
    defer { close(descriptor) }
    names.append(name)
    guard bytes.isEmpty || Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count else {
      throw ScratchError(what: systemReason())
    }
  }
}

/// The machine, not the input, is at fault.
struct ScratchError: Error {
  let what: String
}

enum Scratch {
  /// Memory where there is a file system of it, unless TMPDIR says otherwise.
  static let folder: String = {
    if let chosen = getenv("TMPDIR") { return String(cString: chosen) }
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
  }()
}

extension UnsafeRawBufferPointer {
  /// The parts between separators, at most `count` of them; the last has the rest.
  func parts(_ count: Int, separator: [UInt8]) -> [UnsafeRawBufferPointer] {
    var parts: [UnsafeRawBufferPointer] = []
    var (start, offset) = (0, 0)
    // The C library's search: a loop over bytes here would be traced comparison by comparison.
    while parts.count < count - 1, let base = baseAddress, offset + separator.count <= self.count,
      let found = memchr(base + offset, CInt(separator[0]), self.count - offset - separator.count + 1)
    {
      let end = UnsafeRawPointer(found) - base
      offset = end + 1
      guard memcmp(found, separator, separator.count) == 0 else { continue }
      parts.append(UnsafeRawBufferPointer(rebasing: self[start..<end]))
      start = end + separator.count
      offset = start
    }
    parts.append(UnsafeRawBufferPointer(rebasing: self[start...]))
    return parts
  }
}
