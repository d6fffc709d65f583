import Checkpoints
import Foundation
import ModelCore
import Testing

/// Which file of a folder is read, and what is said where one is not there.
@Suite struct FolderTests {
  typealias Index = ShardIndexZooTests

  /// Every form at once, as a repository has it whose owner converted and kept everything.
  static func everyForm() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["micro", "micro-sharded", "micro-zip", "micro-zip-sharded"] {
      try folder.copyFiles(of: Fixtures.container(name))
    }
    return folder
  }

  @Test func theFirstFormIsRead() throws {
    let folder = try Self.everyForm()
    let forms: [(name: String, container: WeightContainer, files: [String])] = [
      ("model.safetensors", .safetensors, ["model.safetensors"]),
      (Index.index, .safetensors, [Index.shard1, Index.shard2, Index.shard3]),
      ("pytorch_model.bin", .pyTorch, ["pytorch_model.bin"]),
      (Index.zipIndex, .pyTorch, [Index.zipShard1, Index.zipShard2]),
    ]
    for (position, form) in forms.enumerated() {
      let files = try CheckpointFiles.locate(folder.path)
      #expect(files.weights == "\(folder.path)/\(form.name)")
      #expect(files.container == form.container)
      #expect(files.weightFiles == form.files.map { "\(folder.path)/\($0)" })
      #expect(files.otherWeights == forms[(position + 1)...].map { "\(folder.path)/\($0.name)" })
      #expect((files.index != nil) == form.name.hasSuffix(".json"))
      #expect(files.index?.path == (files.index == nil ? nil : files.weights))
      let indexAndFiles = (files.index == nil ? [] : [files.weights]) + files.weightFiles
      #expect(files.all == indexAndFiles + ["\(folder.path)/config.json"])
      #expect(try Checkpoint.open(folder.path).tensors.count == 31)
      try folder.remove(form.name)
    }
    let error = checkpointError { () throws(CheckpointError) in try CheckpointFiles.locate(folder.path) }
    #expect(error == .noWeights(folder: folder.path, lookedFor: forms.map(\.name)))
  }

  /// A file that is named is read, whatever else there is; the others are listed.
  @Test func aNamedFileIsRead() throws {
    let folder = try Self.everyForm()
    for name in [Index.zipIndex, "pytorch_model.bin", Index.index] {
      let files = try CheckpointFiles.locate("\(folder.path)/\(name)")
      #expect(files.weights == "\(folder.path)/\(name)")
      #expect(files.otherWeights.count == 3)
      #expect(!files.otherWeights.contains(files.weights))
    }
    // One shard is a checkpoint with some of the tensors: what is missing is said by who needs it.
    let shard = try Checkpoint.open("\(folder.path)/\(Index.shard1)")
    #expect(shard.tensors.map(\.name) == [Index.embeddings])
  }

  @Test func allFormsAreOneCheckpoint() throws {
    let folder = try Self.everyForm()
    let names = ["model.safetensors", Index.index, "pytorch_model.bin", Index.zipIndex]
    let digests = try names.map { try SourceDigest.compute(Checkpoint.open("\(folder.path)/\($0)")) }
    #expect(Set(digests.map(\.content)).count == 1)
    #expect(digests.map(\.files.count) == [1, 4, 1, 3])
    #expect(
      digests[1].files.map(\.path)
        == [Index.index, Index.shard1, Index.shard2, Index.shard3].map { "\(folder.path)/\($0)" })
  }

  /// The first shard is taken away, and `change` puts something else there.
  static func missing(_ name: String, _ change: @escaping @Sendable (String) throws -> Void = { _ in }) -> BadFolder {
    BadFolder("shard \(name)") {
      try $0.remove(Index.shard1)
      try change("\($0.path)/\(Index.shard1)")
    } _: {
      .missingShard(path: "\($0)/\(Index.index)", shard: "\($0)/\(Index.shard1)", tensors: [Index.embeddings])
    }
  }

  static let missing: [BadFolder] = [
    missing("is not there"),
    missing("is a folder") { try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false) },
    missing("is a link to nothing") {
      try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: "../blobs/none")
    },
    missing("is a link to itself") {
      try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: Index.shard1)
    },
    missing("is a pipe") { #expect(mkfifo($0, 0o600) == 0) },
  ]

  @Test(arguments: missing)
  func missingShardIs66(_ bad: BadFolder) throws {
    let folder = try Index.sharded("micro-sharded")
    try bad.check(folder, status: .missingInput)
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(error?.message.contains("expected the shard \(folder.path)/\(Index.shard1), of 1 tensor") == true)
    #expect(error?.hint == "copy all shards beside the index")
  }

  @Test func missingZipShardIs66() throws {
    let folder = try Index.sharded("micro-zip-sharded")
    try folder.remove(Index.zipShard2)
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(error?.exitStatus == .missingInput)
    #expect(error?.message.contains("\(Index.zipShard2), of 17 tensors") == true)
  }

  /// A folder that is named like the weights is none; the next form counts.
  @Test func foldersAndDanglingLinksAreNoWeights() throws {
    let folder = try TemporaryFolder()
    try folder.copyFiles(of: Fixtures.container("micro-zip"))
    try folder.copy(Fixtures.container("micro") + "/config.json", as: "config.json")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/model.safetensors", withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/\(Index.index)", withDestinationPath: "../blobs/none")
    #expect(try CheckpointFiles.locate(folder.path).weights == folder.path + "/pytorch_model.bin")
    #expect(try CheckpointFiles.locate(folder.path).otherWeights.isEmpty)
    let link = "\(folder.path)/\(Index.index)"
    #expect(
      checkpointError { () throws(CheckpointError) in try Checkpoint.open(link) }
        == .notFound(path: link, reason: "No such file or directory"))
    // As the cache of huggingface_hub has it: names are links to files elsewhere.
    let linked = try TemporaryFolder()
    for name in ["pytorch_model.bin", "config.json"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(linked.path)/\(name)", withDestinationPath: "\(folder.path)/\(name)")
    }
    #expect(try Checkpoint.open(linked.path).tensors.count == 31)
  }

  /// A clone without Git LFS.
  @Test(arguments: ["model.safetensors", "pytorch_model.bin"])
  func pointersAreNamed(_ name: String) throws {
    let folder = try TemporaryFolder()
    try folder.copy(Fixtures.container("micro") + "/config.json", as: "config.json")
    let text = "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 9\n"
    let path = try folder.write(name, text)
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(error == .pointer(path: path))
    #expect(error?.exitStatus == .badData)
    #expect(error?.message == "\(path): expected weights, found a pointer of Git LFS")
    #expect(error?.hint == "fetch the file it points to: git lfs pull")
  }

  /// Root may read everything, so that only others can see this.
  @Test(.enabled(if: geteuid() != 0), arguments: ["model.safetensors", "config.json"])
  func unreadableFileIs66(_ name: String) throws {
    let folder = try TemporaryFolder()
    try folder.copyFiles(of: Fixtures.container("micro"))
    #expect(chmod("\(folder.path)/\(name)", 0) == 0)
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(error == .core(.cannotOpen(path: "\(folder.path)/\(name)", reason: "Permission denied")))
    #expect(error?.exitStatus == .missingInput)
  }

  @Test(arguments: ["model.ckpt", "model.h5", "weights", "index.json", "model.safetensors.bak", "model.SAFETENSORS"])
  func otherNamesAreNotRecognized(_ name: String) throws {
    let folder = try TemporaryFolder()
    try folder.copyFiles(of: Fixtures.container("micro"))
    try folder.copy(folder.path + "/model.safetensors", as: name)
    let path = "\(folder.path)/\(name)"
    #expect(
      checkpointError { () throws(CheckpointError) in try Checkpoint.open(path) } == .unrecognizedFile(path: path))
  }
}
