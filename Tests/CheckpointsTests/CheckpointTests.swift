import Checkpoints
import Foundation
import ModelCore
import Testing

/// Finding the files of a checkpoint, and saying what is wrong with it.
@Suite struct CheckpointTests {
  static func weights() throws -> [UInt8] { try contents(Fixtures.randomTiny + "/model.safetensors") }

  static func error(opening path: String) -> CheckpointError? {
    checkpointError { () throws(CheckpointError) in try Checkpoint.open(path) }
  }

  @Test func folderAndFileAreTheSameCheckpoint() throws {
    let folder = Fixtures.debianTags
    let opened = try [folder, folder + "/", folder + "/model.safetensors"].map { try Checkpoint.open($0) }
    for checkpoint in opened {
      #expect(checkpoint.files == opened[0].files)
      #expect(checkpoint.configuration == opened[0].configuration)
    }
    let files = opened[0].files
    #expect(files.weights == folder + "/model.safetensors")
    #expect(files.configuration == folder + "/config.json")
    #expect(files.tokenizerJSON == folder + "/tokenizer.json")
    #expect(files.sentencePieceModel == folder + "/spm.model")
    #expect(files.tokenizerConfig == folder + "/tokenizer_config.json")
    #expect(files.addedTokens == nil)
    #expect(opened[0].configuration.encoder.layerCount == 4)
    #expect(opened[0].configuration.prompt.labelTokenID == 8001)
  }

  @Test func missingPathIs66() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/none"
    #expect(Self.error(opening: path) == .notFound(path: path, reason: "No such file or directory"))
    #expect(Self.error(opening: path)?.exitStatus == .missingInput)
    #expect(Self.error(opening: "/dev/null")?.exitStatus == .missingInput)
  }

  @Test func folderWithoutWeightsSaysWhatWasLookedFor() throws {
    let folder = try TemporaryFolder()
    let error = try #require(Self.error(opening: folder.path))
    #expect(error.exitStatus == .missingInput)
    for name in ["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"] {
      #expect(error.message.contains(name))
    }
  }

  @Test func missingConfiguration() throws {
    let folder = try TemporaryFolder()
    let weights = try folder.write("model.safetensors", Self.weights())
    let expected = CheckpointError.noConfiguration(path: folder.path + "/config.json", weights: weights)
    #expect(Self.error(opening: folder.path) == expected)
    #expect(expected.exitStatus == .missingInput)
    #expect(expected.hint != nil)
  }

  @Test func configurationIsChecked() throws {
    let folder = try TemporaryFolder()
    let value = try folder.checkpoint(weights: Self.weights()) {
      $0.replacingOccurrences(of: "\"scorer_type\": \"simple\"", with: "\"scorer_type\": \"mlp\"")
    }
    #expect(
      Self.error(opening: value)
        == .core(
          .unsupported(
            path: value + "/config.json", field: "scorer_type", found: "\"mlp\"", supported: "\"simple\"")))
    let field = try folder.checkpoint(weights: Self.weights()) {
      $0.replacingOccurrences(of: "\"scorer_type\"", with: "\"flux\": 1, \"scorer_type\"")
    }
    #expect(Self.error(opening: field)?.message.contains("flux") == true)
    #expect(Self.error(opening: field)?.exitStatus == .badData)
    let noJSON = try folder.checkpoint(weights: Self.weights()) { _ in "{" }
    #expect(Self.error(opening: noJSON)?.message.contains("invalid JSON") == true)
    #expect(Self.error(opening: noJSON)?.hint == nil)
  }

  @Test func otherContainersAreRefusedByName() throws {
    let folder = try TemporaryFolder()
    let index = try folder.write("model.safetensors.index.json", "{}")
    #expect(Self.error(opening: folder.path) == .shardedCheckpoint(path: index))
    #expect(Self.error(opening: index) == .shardedCheckpoint(path: index))
    let pickle = try folder.write("old.pt", [0x80, 0x02, 0x8A])
    #expect(Self.error(opening: pickle) == .pyTorchPickle(path: pickle))
    // The smallest zip archive there is: an end-of-directory record.
    let zip = try folder.write("odd.pth", [0x50, 0x4B, 0x05, 0x06] + [UInt8](repeating: 0, count: 18))
    #expect(Self.error(opening: zip) == .zipWithoutPickle(path: zip, entries: 0))
    let archive = try folder.write("pytorch_model.bin", Self.storedZip(["m/data.pkl", "m/data/0", "m/version"]))
    #expect(Self.error(opening: archive) == .pyTorchArchive(path: archive, entries: 3))
    let other = try folder.write("weights.gguf", "GGUF")
    #expect(Self.error(opening: other) == .unrecognizedFile(path: other))
    for path in [index, pickle, zip, archive, other] {
      #expect(Self.error(opening: path)?.exitStatus == .badData)
      #expect(Self.error(opening: path)?.message.hasPrefix(path) == true)
    }
    for path in [index, pickle, archive] { #expect(Self.error(opening: path)?.hint?.contains("safetensors") == true) }
  }

  @Test(.enabled(if: Fixtures.hasShared)) func realArchiveIsRecognised() {
    let path = Fixtures.sharedDebianTags + "/pytorch_model.bin"
    #expect(Self.error(opening: path) == .pyTorchArchive(path: path, entries: 85))
  }

  /// A zip archive of empty stored entries (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16).
  static func storedZip(_ names: [String]) -> [UInt8] {
    func little(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(value >> (8 * $0) & 255) } }
    var local: [UInt8] = []
    var central: [UInt8] = []
    for name in names {
      let zeros: [UInt8] = Array(repeating: 0, count: 20)
      let common: [UInt8] = [little(20, 2), zeros, little(name.utf8.count, 2), little(0, 2)].flatMap { $0 }
      let signature: [UInt8] = [0x50, 0x4B, 1, 2]
      central += signature
      central += little(20, 2)
      central += common
      central += zeros.prefix(10)
      central += little(local.count, 4)
      central += Array(name.utf8)
      let localSignature: [UInt8] = [0x50, 0x4B, 3, 4]
      local += localSignature
      local += common
      local += Array(name.utf8)
    }
    let end: [UInt8] = [0x50, 0x4B, 5, 6]
    let parts: [[UInt8]] = [
      local, central, end, little(0, 4), little(names.count, 2), little(names.count, 2), little(central.count, 4),
      little(local.count, 4), [0, 0],
    ]
    return parts.flatMap { $0 }
  }
}
