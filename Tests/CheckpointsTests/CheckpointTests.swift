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
      $0.replacingOccurrences(of: "\"scorer_type\": \"simple\"", with: "\"scorer_type\": \"dot\"")
    }
    #expect(
      Self.error(opening: value)
        == .core(
          .unsupported(
            path: value + "/config.json", field: "scorer_type", found: "\"dot\"",
            supported: "\"simple\", \"weighted-dot\", \"mlp\", \"hopfield\", \"cross-attn\"")))
    let field = try folder.checkpoint(weights: Self.weights()) {
      $0.replacingOccurrences(of: "\"scorer_type\"", with: "\"flux\": 1, \"scorer_type\"")
    }
    #expect(Self.error(opening: field)?.message.contains("flux") == true)
    #expect(Self.error(opening: field)?.exitStatus == .badData)
    let noJSON = try folder.checkpoint(weights: Self.weights()) { _ in "{" }
    #expect(Self.error(opening: noJSON)?.message.contains("invalid JSON") == true)
    #expect(Self.error(opening: noJSON)?.hint == nil)
  }

  @Test func filesOfNoContainerAreRefusedByName() throws {
    let folder = try TemporaryFolder()
    _ = try folder.checkpoint(weights: Self.weights())
    let pickle = try folder.write("old.pt", [0x80, 0x02, 0x8A])
    #expect(Self.error(opening: pickle) == .pyTorchPickle(path: pickle))
    // The smallest zip archive there is: an end-of-directory record.
    let zip = try folder.write("odd.pth", [0x50, 0x4B, 0x05, 0x06] + [UInt8](repeating: 0, count: 18))
    #expect(Self.error(opening: zip) == .zipWithoutPickle(path: zip, entries: 0))
    let empty = try folder.write("empty.bin", "")
    #expect(Self.error(opening: empty) == .notPyTorch(path: empty, size: 0))
    let other = try folder.write("weights.gguf", "GGUF")
    #expect(Self.error(opening: other) == .unrecognizedFile(path: other))
    for path in [pickle, zip, empty, other] {
      #expect(Self.error(opening: path)?.exitStatus == .badData)
      #expect(Self.error(opening: path)?.message.hasPrefix(path) == true)
    }
    #expect(Self.error(opening: pickle)?.hint?.contains("state_dict") == true)
  }
}
