import Checkpoints
import Foundation
import ModelCore
import ReferenceModel
import TestSupport
import Testing

/// The encoder layer by layer and step by step, with the checkpoint's weights and with others.
@Suite struct EncoderTests {
  /// What the steps give, by the stages of the model.
  typealias Trace = [String: ReferenceMatrix]

  static func key(_ layer: Int?, _ stage: ReferenceStage) -> String { "\(layer ?? -1) \(stage.rawValue)" }

  /// What the whole model shows to an observer.
  static func observed(_ checkpoint: Checkpoint, _ ids: [Int32]) throws -> Trace {
    var trace: Trace = [:]
    _ = try ReferenceModel(checkpoint).logits(inputIDs: ids) { trace[key($0, $1)] = $2 }
    return trace
  }

  /// The same by steps. `edit` may put other weights into a layer.
  static func stepped(
    _ checkpoint: Checkpoint, _ ids: [Int32], _ edit: (inout ReferenceEncoderLayer) -> Void = { _ in }
  ) throws -> Trace {
    let encoder = try ReferenceEncoder(checkpoint)
    let embeddings = try encoder.embeddings(of: ids)
    encoder.discardEmbeddings()
    var trace = [key(nil, .embeddings): embeddings]
    var states = embeddings
    for index in 0..<encoder.configuration.layerCount {
      var layer = try encoder.layer(index)
      edit(&layer)
      let context = try layer.context(states)
      let attention = try layer.attention(context, states: states)
      let inner = try layer.intermediate(attention)
      states = try layer.output(inner, attention: attention, embeddings: embeddings)
      trace[key(index, .context)] = context
      trace[key(index, .attention)] = attention
      trace[key(index, .intermediate)] = inner
      trace[key(index, .output)] = states
    }
    return trace
  }

  /// Every option of the encoder: the same bits.
  @Test(arguments: Variants.names)
  func stepsAreTheModel(_ name: String) throws {
    let checkpoint = try Checkpoint.open(Variants.folder(name))
    let ids = try #require(try Variants.description(name).examples.first).inputIds
    let steps = try Self.stepped(checkpoint, ids)
    let model = try Self.observed(checkpoint, ids)
    #expect(steps.count == 1 + 4 * checkpoint.configuration.encoder.layerCount)
    for (stage, states) in steps { #expect(model[stage] == states, "\(stage)") }
  }

  /// Weights that are put into a layer do what the same weights in a checkpoint do.
  @Test(arguments: [EncoderLinear.value, .attentionOutput, .intermediate, .output])
  func replacedWeights(_ linear: EncoderLinear) throws {
    let ids = try #require(try ReferenceLine.read(Fixtures.randomTiny).first).inputIDs
    let doubled = try alteredTiny(tensor: "\(linear.name(layer: 1)).weight") { bytes in
      let values = bytes.withUnsafeBytes { $0.bindMemory(to: Float.self).map { 2 * $0 } }
      bytes = values.withUnsafeBytes { Array($0) }
    }
    let expected = try Self.observed(doubled, ids)
    let plain = try Checkpoint.open(Fixtures.randomTiny)
    let found = try Self.stepped(plain, ids) { layer in
      guard layer.index == 1 else { return }
      var weight = layer.weight(linear)
      for index in weight.values.indices { weight.values[index] *= 2 }
      layer.replace(linear, weight: weight, bias: layer.bias(linear))
    }
    let before = try Self.stepped(plain, ids)
    let last = Self.key(1, .output)
    #expect(found[last] == expected[last] && found[last] != before[last])
    #expect(found[Self.key(0, .output)] == before[Self.key(0, .output)])
  }

  /// A bias, too: of a layer before a LayerNorm, the same for all features, it changes nothing but rounding.
  @Test func replacedBias() throws {
    let ids = try #require(try ReferenceLine.read(Fixtures.randomTiny).first).inputIDs
    let plain = try Checkpoint.open(Fixtures.randomTiny)
    func states(bias: Float) throws -> [Float] {
      let trace = try Self.stepped(plain, ids) { layer in
        let own = layer.bias(.output)
        layer.replace(.output, weight: layer.weight(.output), bias: own.indices.map { own[$0] + bias * Float($0 % 2) })
      }
      return try #require(trace[Self.key(1, .output)]).values
    }
    #expect(try states(bias: 0) == Self.observed(plain, ids)[Self.key(1, .output)]?.values)
    let (one, other) = (try states(bias: 0), try states(bias: 1))
    #expect(zip(one, other).contains { abs($0 - $1) > 0.1 })
  }

  /// Without queries and keys of its own, a token attends to all alike, but for what the projected relative embeddings, which stay,
  /// add to keys and queries that are zero: nothing. So every context is the mean of the values.
  @Test func noQueriesAndKeys() throws {
    let ids = try #require(try ReferenceLine.read(Fixtures.randomTiny).first).inputIDs
    let encoder = try ReferenceEncoder(Checkpoint.open(Fixtures.randomTiny))
    let states = try encoder.embeddings(of: ids)
    var layer = try encoder.layer(0)
    let size = states.columns
    for linear in [EncoderLinear.query, .key] {
      layer.replace(
        linear, weight: ReferenceMatrix(rows: size, columns: size), bias: Array(repeating: 0, count: size))
    }
    let context = try layer.context(states)
    let (weight, bias) = (layer.weight(.value), layer.bias(.value))
    var worst: Float = 0
    for feature in 0..<size {
      let sum = (0..<states.rows).reduce(0.0) { sum, token in
        (0..<size).reduce(sum + Double(bias[feature])) {
          $0 + Double(states.values[token * size + $1]) * Double(weight.values[feature * size + $1])
        }
      }
      let mean = Float(sum / Double(states.rows))
      for token in 0..<states.rows { worst = max(worst, abs(context.values[token * size + feature] - mean)) }
    }
    #expect(worst < 1e-5)
  }

  /// Projected relative embeddings stay those of the checkpoint: with other queries, scores differ from those of a checkpoint that has them.
  @Test func relativeEmbeddingsStay() throws {
    let ids = try #require(try ReferenceLine.read(Fixtures.randomTiny).first).inputIDs
    let altered = try alteredTiny(tensor: "\(EncoderLinear.query.name(layer: 0)).weight") { bytes in
      bytes = Array(repeating: 0, count: bytes.count)
    }
    let found = try Self.stepped(Checkpoint.open(Fixtures.randomTiny), ids) { layer in
      guard layer.index == 0 else { return }
      let old = layer.weight(.query)
      layer.replace(.query, weight: ReferenceMatrix(rows: old.rows, columns: old.columns), bias: layer.bias(.query))
    }
    let other = try Self.observed(altered, ids)
    #expect(found[Self.key(0, .context)] != other[Self.key(0, .context)])
  }

  @Test func whatTheModelRefuses() throws {
    let encoder = try ReferenceEncoder(Checkpoint.open(Fixtures.randomTiny))
    func error(_ ids: [Int32]) -> ReferenceModelError? {
      referenceError { () throws(ReferenceModelError) in try encoder.embeddings(of: ids) }
    }
    #expect(error([]) == .emptyInput)
    let limit = ReferenceModel.maximumTokenCount
    #expect(error(Array(repeating: 1, count: limit + 1)) == .tooManyTokens(found: limit + 1, limit: limit))
    let size = encoder.configuration.vocabularySize
    #expect(
      error([1, Int32(size)]) == .tokenOutsideVocabulary(position: 1, found: Int32(size), vocabularySize: size))
    #expect(error([1, -1]) == .tokenOutsideVocabulary(position: 1, found: -1, vocabularySize: size))
  }
}
