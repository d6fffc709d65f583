import Glibc
import ModelCore

/// The paths of a checkpoint's files.
public struct CheckpointFiles: Sendable, Equatable {
  /// The folder that everything is in.
  public let folder: String
  /// `model.safetensors`.
  public let weights: String
  /// `config.json`.
  public let configuration: String
  /// `tokenizer.json`, `nil` where there is none.
  public let tokenizerJSON: String?
  /// `spm.model`, `nil` where there is none.
  public let sentencePieceModel: String?
  /// `tokenizer_config.json`, `nil` where there is none.
  public let tokenizerConfig: String?
  /// `added_tokens.json`, `nil` where there is none.
  public let addedTokens: String?

  /// All that are there.
  public var all: [String] {
    [weights, configuration] + [tokenizerJSON, sentencePieceModel, tokenizerConfig, addedTokens].compactMap { $0 }
  }

  /// What a folder is searched for, in order. Those after the first are recognised, and refused by name.
  static let weightFileNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]

  /// Finds the files of the checkpoint at `path`, a folder or a file of weights.
  /// - Throws: ``CheckpointError/notFound(path:reason:)``, ``CheckpointError/noWeights(folder:lookedFor:)``,
  ///   ``CheckpointError/noConfiguration(path:weights:)``, and the errors for containers that are not supported.
  public static func locate(_ path: String) throws(CheckpointError) -> CheckpointFiles {
    switch FileKind(of: path) {
    case .missing(let reason): throw .notFound(path: path, reason: reason)
    case .other: throw .notFound(path: path, reason: "expected a folder or a file, found neither")
    case .folder: return try inFolder(path)
    case .file: return try beside(path)
    }
  }

  private static func inFolder(_ path: String) throws(CheckpointError) -> CheckpointFiles {
    let folder = withoutTrailingSlashes(path)
    for name in weightFileNames {
      guard let candidate = existing(name, in: folder) else { continue }
      return try beside(candidate)
    }
    throw .noWeights(folder: path, lookedFor: weightFileNames)
  }

  private static func beside(_ weights: String) throws(CheckpointError) -> CheckpointFiles {
    let slash = weights.lastIndex(of: "/")
    let folder = slash.map { $0 == weights.startIndex ? "/" : String(weights[..<$0]) } ?? "."
    try refuseUnsupportedContainer(weights)
    guard let configuration = existing("config.json", in: folder) else {
      throw .noConfiguration(path: join(folder, "config.json"), weights: weights)
    }
    return CheckpointFiles(
      folder: folder, weights: weights, configuration: configuration,
      tokenizerJSON: existing("tokenizer.json", in: folder),
      sentencePieceModel: existing("spm.model", in: folder),
      tokenizerConfig: existing("tokenizer_config.json", in: folder),
      addedTokens: existing("added_tokens.json", in: folder))
  }

  private static func refuseUnsupportedContainer(_ path: String) throws(CheckpointError) {
    if path.hasSuffix(".safetensors") { return }
    if path.hasSuffix(".index.json") { throw .shardedCheckpoint(path: path) }
    guard [".bin", ".pt", ".pth"].contains(where: path.hasSuffix) else { throw .unrecognizedFile(path: path) }
    switch PyTorchArchive.inspect(path) {
    case .archive(let entries): throw .pyTorchArchive(path: path, entries: entries)
    case .otherZip(let entries): throw .zipWithoutPickle(path: path, entries: entries)
    case .notZip: throw .pyTorchPickle(path: path)
    }
  }

  private static func existing(_ name: String, in folder: String) -> String? {
    let path = join(folder, name)
    guard case .file = FileKind(of: path) else { return nil }
    return path
  }

  private static func join(_ folder: String, _ name: String) -> String {
    // A file named without a folder has its siblings named likewise.
    if folder == "." { return name }
    return folder == "/" ? "/\(name)" : "\(folder)/\(name)"
  }

  private static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return String(path)
  }
}

private enum FileKind {
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
