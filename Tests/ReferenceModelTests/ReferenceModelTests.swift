import Checkpoints
import Foundation
import ModelCore
import ReferenceModel
import TestSupport
import Testing

/// Errors, and what can be observed on the way.
@Suite struct ReferenceModelTests {
  static func model() throws -> ReferenceModel { try ReferenceModel(Checkpoint.open(Fixtures.randomTiny)) }

  @Test func inputsAreChecked() throws {
    let model = try Self.model()
    let size = model.configuration.encoder.vocabularySize
    func error(_ ids: [Int32]) -> ReferenceModelError? {
      referenceError { () throws(ReferenceModelError) in try model.logits(inputIDs: ids) }
    }
    #expect(error([]) == .emptyInput)
    #expect(
      error([1, Int32(size), 2]) == .tokenOutsideVocabulary(position: 1, found: Int32(size), vocabularySize: size))
    #expect(error([-1]) == .tokenOutsideVocabulary(position: 0, found: -1, vocabularySize: size))
    #expect(error(Array(repeating: 1, count: 8193)) == .tooManyTokens(found: 8193, limit: 8192))
    #expect(error([])?.message == "input_ids: expected at least one token, found none")
    #expect(error([-1])?.message == "input_ids[0]: expected an id from 0 to \(size - 1), found -1")
    #expect(error([])?.exitStatus == .badData)
    let batch = referenceError { () throws(ReferenceModelError) in
      try model.logits(batch: [[1], [], [-1], [1]].map { ($0, nil) }, threads: 3)
    }
    #expect(batch == .emptyInput)
  }

  @Test func noLabelsNoLogits() throws {
    #expect(try Self.model().logits(inputIDs: [1, 5, 2]) == [])
  }

  @Test func missingLayersAreNamedAtOnce() throws {
    let checkpoint = try alteredTiny(config: {
      $0.replacingOccurrences(of: "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 3")
    })
    let error = referenceError { () throws(ReferenceModelError) in try ReferenceModel(checkpoint) }
    guard case .checkpoint(.missingTensors(_, let names)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(names.count == 16)
    #expect(names.allSatisfy { $0.contains(".layer.2.") })
    #expect(error?.exitStatus == .badData)
    #expect(error?.hint == nil)
  }

  @Test func wrongShapeIsNamed() throws {
    let checkpoint = try alteredTiny(config: {
      $0.replacingOccurrences(of: "\"position_buckets\": 16", with: "\"position_buckets\": 32")
    })
    let error = referenceError { () throws(ReferenceModelError) in try ReferenceModel(checkpoint) }
    #expect(error?.message.contains("rel_embeddings.weight: expected shape [64, 64], found [32, 64]") == true)
  }

  /// More weights for layers than there are states: made of a checkpoint of more layers, of which the last is said to be gone.
  @Test func moreWeightsThanStatesAreNamed() throws {
    let folder = try TestSupport.TemporaryFolder()
    let source = try Variants.folder("squeeze-all-states")
    let text = try String(contentsOfFile: source + "/config.json", encoding: .utf8)
    #expect(text.contains("\"num_hidden_layers\": 4"))
    let fewer = text.replacingOccurrences(of: "\"num_hidden_layers\": 4", with: "\"num_hidden_layers\": 3")
    try fewer.write(toFile: folder.file("config.json"), atomically: true, encoding: .utf8)
    try FileManager.default.copyItem(atPath: source + "/model.safetensors", toPath: folder.file("model.safetensors"))
    let checkpoint = try Checkpoint.open(folder.path)
    let error = referenceError { () throws(ReferenceModelError) in try ReferenceModel(checkpoint) }
    let path = checkpoint.weights.path
    let tensor = "model.layer_wise_attention.W1.weight"
    #expect(error == .tooManyLayerWeights(path: path, tensor: tensor, found: 5, states: 4))
    #expect(error?.message == "\(path): \(tensor): expected weights for at most 4 hidden states, found 5")
    #expect(error?.exitStatus == .badData)
  }

  /// A table of absolute positions is where inputs end.
  @Test func positionsAreChecked() throws {
    let model = try ReferenceModel(Checkpoint.open(Variants.folder("position-biased-input")))
    #expect(try model.logits(inputIDs: Array(repeating: 1, count: 256)) == [])
    let error = referenceError { () throws(ReferenceModelError) in
      try model.logits(inputIDs: Array(repeating: 1, count: 257))
    }
    #expect(error == .tooManyTokens(found: 257, limit: 256))
  }

  @Test func infinityInTheWeightsIsFound() throws {
    let name = "model.encoder_model.encoder.layer.1.output.LayerNorm.bias"
    let checkpoint = try alteredTiny(tensor: name) { $0.replaceSubrange(0..<4, with: [0, 0, 0x80, 0x7F]) }
    let model = try ReferenceModel(checkpoint)
    let error = referenceError { () throws(ReferenceModelError) in try model.logits(inputIDs: [1, 2]) }
    #expect(error == .notFinite(path: checkpoint.weights.path, layer: 1, stage: .output))
    #expect(error?.message.hasSuffix("layer 1, output: expected finite values, found infinity or NaN") == true)
  }

  @Test func stagesAreObservedInOrder() throws {
    let model = try Self.model()
    let line = try #require(try ReferenceLine.read(Fixtures.randomTiny).first)
    var seen: [(Int?, ReferenceStage)] = []
    var shapes: [ReferenceStage: [Int]] = [:]
    var product: [Float] = []
    var text: [Float] = []
    let logits = try model.logits(inputIDs: line.inputIDs) { layer, stage, matrix in
      seen.append((layer, stage))
      shapes[stage] = [matrix.rows, matrix.columns]
      if stage == .text { text = matrix.values }
      if stage == .classes {
        product = (0..<matrix.rows).map { zip(matrix[row: $0], text).reduce(0) { $0 + $1.0 * $1.1 } }
      }
    }
    let perLayer: [ReferenceStage] = [.query, .key, .value, .context, .attention, .intermediate, .output]
    let expected: [ReferenceStage] = [.embeddings] + perLayer + perLayer + [.text, .classes]
    #expect(seen.map(\.1) == expected)
    let layers: [Int?] = [nil, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, nil, nil]
    #expect(seen.map(\.0) == layers)
    let tokens = line.inputIDs.count
    #expect(shapes[.embeddings] == [tokens, 64])
    #expect(shapes[.intermediate] == [tokens, model.configuration.encoder.intermediateSize])
    #expect(shapes[.classes] == [logits.count, 64])
    for (logit, value) in zip(logits, product) { #expect(abs(logit - value) <= 1e-4 * max(1, abs(logit))) }
  }

  @Test func everyTensorButTheLogitScaleIsRead() throws {
    let checkpoint = try Checkpoint.open(Fixtures.randomTiny)
    let model = try ReferenceModel(checkpoint)
    #expect(checkpoint.unusedTensorNames(asked: model.tensorNames) == ["model.logit_scale"])
  }
}
