import Checkpoints
import Foundation
import ModelCore
import Testing

/// One checkpoint in four forms: one file and several, of either library.
@Suite struct MicroCheckpointTests {
  static let forms = ["micro", "micro-sharded", "micro-zip", "micro-zip-sharded"]

  private struct Opened {
    let folder: TemporaryFolder
    let checkpoint: Checkpoint

    init(_ form: String) throws {
      folder = try TemporaryFolder()
      try folder.copyFiles(of: Fixtures.container(form))
      if form != "micro" { try folder.copy(Fixtures.container("micro/config.json"), as: "config.json") }
      checkpoint = try Checkpoint.open(folder.path)
    }
  }

  private func bytes(_ tensor: TensorView) throws -> [UInt8] { try storedBytes(tensor, count: tensor.byteCount) }

  @Test func allFormsAreExpected() throws {
    #expect(try ExpectedContainers.load().checkpoints.keys.sorted() == Self.forms)
  }

  /// The digest is that of the script's own tensors.
  @Test(arguments: forms)
  func tensorsAreThoseOfTheLibraries(_ form: String) throws {
    let checkpoints = try ExpectedContainers.load().checkpoints
    let expected = try #require(checkpoints[form])
    let opened = try Opened(form)
    #expect(opened.checkpoint.tensors.count == expected.tensors)
    let ordered = opened.checkpoint.tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let path = try opened.folder.write("tensors", try ordered.flatMap { try bytes($0) })
    #expect(SourceDigest.hexadecimal(try SourceDigest.file(path).sha256) == expected.sha256)
  }

  @Test func formsAreOneCheckpoint() throws {
    let first = try Opened(Self.forms[0])
    let content = try SourceDigest.compute(first.checkpoint).content
    for form in Self.forms.dropFirst() {
      let other = try Opened(form)
      #expect(try SourceDigest.compute(other.checkpoint).content == content, "\(form)")
      #expect(other.checkpoint.configuration == first.checkpoint.configuration)
      #expect(Set(other.checkpoint.tensors.map(\.name)) == Set(first.checkpoint.tensors.map(\.name)))
      for tensor in first.checkpoint.tensors {
        let twin = try #require(other.checkpoint.tensor(tensor.name))
        #expect(twin.shape == tensor.shape && twin.dtypeName == tensor.dtypeName, "\(form): \(tensor.name)")
        #expect(try bytes(twin) == bytes(tensor), "\(form): \(tensor.name)")
        #expect(try twin.floats().map(\.bitPattern) == tensor.floats().map(\.bitPattern), "\(form): \(tensor.name)")
      }
    }
  }

  /// Each file is digested, an index first.
  @Test(arguments: forms)
  func everyFileIsDigested(_ form: String) throws {
    let opened = try Opened(form)
    let digest = try SourceDigest.compute(opened.checkpoint)
    let names = digest.files.map { URL(fileURLWithPath: $0.path).lastPathComponent }
    let files = try FileManager.default.contentsOfDirectory(atPath: Fixtures.container(form))
    #expect(Set(names) == Set(files.filter { $0 != "config.json" }))
    #expect(names.count == Set(names).count)
    #expect(form.hasSuffix("-sharded") == names[0].hasSuffix(".index.json"))
    for file in digest.files {
      #expect(try SourceDigest.file(file.path) == file)
      let size = try contents(file.path).count
      #expect(file.size == size)
    }
  }

  /// The index itself may be named, and a shard alone is a checkpoint of its tensors.
  @Test(arguments: [
    ("micro-sharded", "model.safetensors.index.json"), ("micro-zip-sharded", "pytorch_model.bin.index.json"),
  ])
  func indexIsTheSameCheckpoint(_ form: String, _ index: String) throws {
    let opened = try Opened(form)
    let named = try Checkpoint.open("\(opened.folder.path)/\(index)")
    #expect(named.files == opened.checkpoint.files)
    #expect(named.tensors.map(\.name) == opened.checkpoint.tensors.map(\.name))
    let shards = try #require(opened.checkpoint.files.index?.shards)
    #expect(shards.count > 1)
    var count = 0
    for shard in shards { count += try Checkpoint.open(shard).tensors.count }
    #expect(count == opened.checkpoint.tensors.count)
  }
}
