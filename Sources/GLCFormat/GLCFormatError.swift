import ModelCore

/// What can be wrong with a `.glc` file.
public enum GLCFormatError: Diagnostic, Equatable {
  /// Opening, reading or writing failed below the format.
  case file(ModelCoreError)
  /// The first bytes are not those of a `.glc`.
  case notGLC(path: String)
  /// A format version that this code does not know.
  case unsupportedVersion(path: String, found: String, supported: String)
  /// The file was made for another revision of the numerics.
  case unsupportedNumerics(path: String, found: UInt32, supported: UInt32)
  /// The file is shorter or longer than its header says.
  case wrongSize(path: String, expected: UInt64, found: UInt64)
  /// A checksum of a part of the file does not match.
  case checksumMismatch(path: String, part: String, expected: UInt32, found: UInt32)
  /// A header field, section or record breaks a rule of the format.
  case malformed(path: String, part: String, expected: String, found: String)
  /// A required section is absent.
  case missingSection(path: String, section: String)
  /// A required section of a kind that this code does not know.
  case unknownSection(path: String, kind: UInt32)
  /// A tensor that the configuration calls for is absent.
  case missingTensor(path: String, tensor: String)
  /// A tensor is there, but with another shape, encoding or layout than expected.
  case unexpectedTensor(path: String, tensor: String, expected: String, found: String)
}

extension GLCFormatError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .file(let error): error.message
    case .notGLC(let path): "\(path): expected a .glc file, found other first bytes"
    case .unsupportedVersion(let path, let found, let supported):
      "\(path): format version: expected \(supported), found \(found)"
    case .unsupportedNumerics(let path, let found, let supported):
      "\(path): numerics revision: expected \(supported), found \(found)"
    case .wrongSize(let path, let expected, let found): "\(path): expected \(expected) bytes, found \(found)"
    case .checksumMismatch(let path, let part, let expected, let found):
      "\(path): \(part): checksum: expected \(Self.hex(expected)), found \(Self.hex(found))"
    case .malformed(let path, let part, let expected, let found):
      "\(path): \(part): expected \(expected), found \(found)"
    case .missingSection(let path, let section): "\(path): section table: expected a \(section) section, found none"
    case .unknownSection(let path, let kind): "\(path): section table: unknown required section of kind \(kind)"
    case .missingTensor(let path, let tensor): "\(path): tensor \(tensor): expected in the directory, found nothing"
    case .unexpectedTensor(let path, let tensor, let expected, let found):
      "\(path): tensor \(tensor): expected \(expected), found \(found)"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .file(let error): error.hint
    case .notGLC: "make one with: gliclass-convert MODEL -o OUT.glc"
    case .unsupportedVersion, .unknownSection: "use a newer version of this program"
    case .unsupportedNumerics: "convert the checkpoint again with this version, or use the version that made the file"
    case .wrongSize, .checksumMismatch: "the file is damaged or incomplete: copy or convert it again"
    default: nil
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    if case .file(let error) = self { return error.exitStatus }
    return .badData
  }

  private static func hex(_ value: UInt32) -> String { "0x\(Checksum.hexadecimal(value))" }
}
