import ModelCore

/// All weights of a checkpoint, from one file or from several, under the names that the model knows them by. Thread-safe.
public struct Weights: Sendable {
  /// The file, or the index of the files.
  public let path: String
  /// The container of the file or files.
  public let container: WeightContainer
  /// Every tensor, in the order of the files and of their data.
  public internal(set) var tensors: [TensorView]
  /// The keys that led to a pickled state dict, as in `{"model": …}`.
  public let unwrappedKeys: [String]
  /// Prefixes that were removed from the tensors' names.
  public let removedPrefixes: [String]
  /// Whether `model.` was put before the tensors' names.
  public let addsModelPrefix: Bool
  /// Entries of a pickle that hold no weights.
  public let otherKeys: [String]
  /// Archives that were written without checksums, so that damage to them cannot be told.
  public let withoutChecksums: [String]
  let files: [WeightFile]
  private let indexByName: [ExactBytes: Int]

  /// Bytes of the files together.
  public var size: Int { files.reduce(0) { $0 + $1.file.size } }

  /// Opens the weights that `files` says.
  /// - Throws: ``CheckpointError``.
  init(_ files: CheckpointFiles) throws(CheckpointError) {
    path = files.weights
    container = files.container
    var opened: [WeightFile] = []
    for path in files.weightFiles { opened.append(try WeightFile(path: path, container: files.container)) }
    try files.index?.check(opened)
    self.files = opened
    unwrappedKeys = opened.first { !$0.unwrappedKeys.isEmpty }?.unwrappedKeys ?? []
    withoutChecksums = opened.filter(\.lacksChecksums).map(\.path)
    otherKeys = opened.flatMap(\.otherKeys)
    var tensors = opened.flatMap(\.tensors)
    let names = TensorNames(tensors.map(\.name))
    removedPrefixes = names.removed
    addsModelPrefix = names.addsModel
    var indexByName: [ExactBytes: Int] = [:]
    for (index, name) in names.names.enumerated() {
      if let other = indexByName.updateValue(index, forKey: ExactBytes(name)) {
        let first = opened.flatMap(\.tensors)[other].name
        throw .duplicateTensor(path: path, tensor: name, first: first, second: tensors[index].name)
      }
      tensors[index].name = name
    }
    self.tensors = tensors
    self.indexByName = indexByName
  }

  /// The tensor called `name`, `nil` where there is none.
  public func tensor(_ name: String) -> TensorView? { index(of: name).map { tensors[$0] } }

  func index(of name: String) -> Int? { indexByName[ExactBytes(name)] }
}
