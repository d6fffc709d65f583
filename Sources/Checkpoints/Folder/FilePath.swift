import Glibc
import ModelCore

/// Paths of files beside each other.
enum FilePath {
  /// The folder of `path`; `.` where it names none.
  static func folder(_ path: String) -> String {
    let slash = path.lastIndex(of: "/")
    return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// The file `name` in `folder`.
  static func join(_ folder: String, _ name: String) -> String {
    // A file named without a folder has its siblings named likewise.
    if folder == "." { return name }
    return folder == "/" ? "/\(name)" : "\(folder)/\(name)"
  }

  /// The regular file `name` in `folder`, `nil` where there is none.
  static func existing(_ name: String, in folder: String) -> String? {
    let path = join(folder, name)
    guard case .file = FileKind(of: path) else { return nil }
    return path
  }

  static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return String(path)
  }
}

/// What there is at a path.
enum FileKind {
  case file, folder, other
  case missing(reason: String)

  init(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      self = .missing(reason: systemReason())
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .folder
    default: self = .other
    }
  }
}
