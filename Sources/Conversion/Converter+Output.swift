import Checkpoints
import Glibc
import ModelCore

extension Converter {
  /// Refuses an output that is one of the files read, by whatever name: it would replace the checkpoint.
  static func refuseOverwriting(_ files: CheckpointFiles, output: String) throws(ConversionError) {
    guard let target = FileIdentity(output) else { return }
    let inputs = [
      files.weights, files.configuration, files.tokenizerJSON, files.sentencePieceModel, files.tokenizerConfig,
      files.addedTokens,
    ]
    for input in inputs.compactMap({ $0 }) where FileIdentity(input) == target {
      throw .core(.cannotCreate(path: output, reason: "it is \(input), which is read"))
    }
  }
}

/// What tells whether two paths lead to one file.
private struct FileIdentity: Equatable {
  let device: dev_t
  let inode: ino_t

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
  }
}
