import ModelCore

/// One file of weights, whatever its container: its tensors, under the names the file gives them.
struct WeightFile: Sendable {
  let file: MappedFile
  let container: WeightContainer
  let tensors: [TensorView]
  /// The keys around a pickled state dict.
  let unwrappedKeys: [String]
  /// Entries of a pickle that hold no weights.
  let otherKeys: [String]
  /// Whether this is an archive that was written without checksums.
  let lacksChecksums: Bool
  /// Checksums that are still to be compared, in the order of the file.
  let checksums: [EntryChecksum]

  var path: String { file.path }

  init(path: String, container: WeightContainer) throws(CheckpointError) {
    self.container = container
    try Self.refusePointer(path)
    switch container {
    case .safetensors:
      let safetensors = try SafetensorsFile(path: path)
      file = safetensors.file
      tensors = safetensors.tensors
      unwrappedKeys = []
      otherKeys = []
      lacksChecksums = false
      checksums = []
    case .pyTorch:
      let archive = try PyTorchFile(path: path)
      file = archive.file
      tensors = archive.tensors
      unwrappedKeys = archive.unwrappedKeys
      otherKeys = archive.otherKeys
      lacksChecksums = !archive.hasChecksums
      checksums = archive.checksums
    }
  }
}

extension WeightFile {
  private static let pointerStart = "version https://git-lfs.github.com/spec/"

  /// A clone without Git LFS has a few lines of text in the place of the weights.
  private static func refusePointer(_ path: String) throws(CheckpointError) {
    let file = try reading { () throws(ModelCoreError) in try MappedFile(path: path) }
    guard file.size < 1024, file.withBytes({ $0.starts(with: pointerStart.utf8) }) else { return }
    throw .pointer(path: path)
  }
}

/// The formats that weights are read from.
public enum WeightContainer: String, Sendable {
  case safetensors
  case pyTorch = "PyTorch zip"
}
