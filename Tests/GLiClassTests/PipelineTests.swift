import Conversion
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Calls of the Python pipelines as they were recorded (`Scripts/pipeline_vectors.py`): the same inputs, predictions and scores.
@Suite struct PipelineTests {
  private static let demo = "debian-tags-f16"
  private static let tolerance: Float = 1e-3

  /// What the pipelines do wrong, and nothing here does.
  private static let defects = [
    // The few-shot examples of the first text are given to all.
    "chunks-examples-per-text",
    // Prompts are counted among the short texts.
    "chunks-prompt-per-text",
  ]
  /// Labels given twice, whose scores the pipelines merge: refused.
  private static let refused = ["labels-twice", "labels-twice-hierarchical", "chunks-labels-twice"]

  // SAFETY: read only; documents may be shared between threads.
  nonisolated(unsafe) private static let calls: [PipelineCall] = {
    let text = (try? String(contentsOfFile: Fixtures.path("pipeline.jsonl"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { try? PipelineCall(String($0)) }
  }()

  @Test func theFixtureIsThere() {
    #expect(Self.calls.count == 95 && Set(Self.calls.map(\.model)).count >= 5)
    for name in Self.defects + Self.refused { #expect(Self.calls.contains { $0.name == name }, "\(name)") }
  }

  @Test(arguments: calls.map(\.name)) func replay(_ name: String) throws {
    let call = try #require(Self.calls.first { $0.name == name })
    let session = try Self.session(call)
    let requests = try call.requests()
    if Self.refused.contains(name) {
      let error = thrown(GLiClassError.self) { try session.classify(requests) }
      guard case .tokenization(.duplicateLabel) = error else {
        Issue.record("expected duplicateLabel, found \(String(describing: error))")
        return
      }
      return
    }
    if Self.defects.contains(name) { return }
    try expectInputs(requests, call, session)
    let results = try session.classify(requests)
    try #require(results.count == call.outputs.count)
    for (result, expected) in zip(results, call.outputs) { try expect(result, expected, call) }
  }

  /// The recorded strings, tokenized, are our passes.
  private func expectInputs(
    _ requests: [ClassificationRequest], _ call: PipelineCall, _ session: GLiClassSession
  ) throws {
    var expected: [[Int32]] = []
    for input in call.inputs {
      let ids = try session.model.tokenizer.encode(input)
      let limit = call.maximumLength ?? session.model.maximumLength
      expected.append(ids.count > limit ? Array(ids.prefix(limit - 1)) + ids.suffix(1) : ids)
    }
    let found = try requests.flatMap { try session.prompts($0).map(\.ids) }
    // The pipeline takes groups of labels before texts, and short texts before long ones.
    let order: ([Int32], [Int32]) -> Bool = { $0.lexicographicallyPrecedes($1) }
    #expect(found.sorted(by: order) == expected.sorted(by: order))
  }

  private func expect(_ result: Classification, _ expected: JSONValue, _ call: PipelineCall) throws {
    if call.isEmbeddings {
      let embeddings = try #require(result.embeddings)
      try expectRow(result.labels.map(\.logit), expected.required("logits"))
      let text = try expected.required("text_embedding")
      // With pooling `pass`, a row a token.
      try expectRows(embeddings.text, try text.element(0).count == nil ? [text] : text.elements())
      try expectRows(embeddings.classes, try expected.required("class_embeddings").elements())
    } else if call.isNested {
      try expectNested(result.nested, expected)
    } else {
      try expectPredictions(result, expected, call)
    }
  }

  private func expectRows(_ rows: [[Float]], _ expected: [JSONValue]) throws {
    try #require(rows.count == expected.count)
    for (row, value) in zip(rows, expected) { try expectRow(row, value) }
  }

  private func expectRow(_ row: [Float], _ expected: JSONValue) throws {
    let values = try expected.elements().map { Float(try $0.requireDouble()) }
    try #require(values.count == row.count)
    #expect(zip(row, values).allSatisfy { abs($0.0 - $0.1) < Self.tolerance })
  }

  private func expectNested(_ scores: [NestedScore], _ expected: JSONValue) throws {
    #expect(scores.map(\.name) == expected.keys)
    for entry in scores {
      let value = try expected.required(entry.name)
      switch entry.value {
      case .score(let score): #expect(abs(score - Float(try value.requireDouble())) < Self.tolerance, "\(entry.name)")
      case .group(let scores): try expectNested(scores, value)
      }
    }
  }

  /// The chunking pipeline sorts by score; here the order is that of the labels. Labels beyond the maximum length have one same
  /// score there, and none here.
  private func expectPredictions(_ result: Classification, _ expected: JSONValue, _ call: PipelineCall) throws {
    let lost = result.labelSet.names.filter { name in !result.labels.contains { $0.label == name } }
    #expect(lost.isEmpty == !result.warnings.contains { if case .labelsLost = $0 { true } else { false } })
    var scores: [String: Float] = [:]
    var initialScores: [String: Float] = [:]
    var predicted: [String] = []
    for element in try expected.elements() {
      let label = try element.required("label").requireString()
      if lost.contains(label) { continue }
      scores[label] = Float(try element.required("score").requireDouble())
      if let initial = element.member("initial_score") { initialScores[label] = Float(try initial.requireDouble()) }
      predicted.append(label)
    }
    // There the lost labels are counted in, and one may even be chosen.
    if !lost.isEmpty, call.type == .singleLabel { return }
    #expect(call.isChunking ? result.predicted.sorted() == predicted.sorted() : result.predicted == predicted)
    for label in result.labels {
      if let score = scores[label.label] { #expect(abs(label.score - score) < Self.tolerance, "\(label)") }
      if let score = initialScores[label.label] {
        #expect(abs(try #require(label.initialScore) - score) < Self.tolerance, "\(label)")
      }
    }
  }

  // MARK: Models

  private static let folder = Result { try TemporaryFolder() }

  /// A fixture or a variant in f32; the demo model also with the text before the labels.
  private static func session(_ call: PipelineCall) throws -> GLiClassSession {
    guard call.model == demo else {
      return try GLiClassModel(path: Converted.glc(Variants.folder(call.model), .f32)).makeSession()
    }
    if call.promptFirst { return try Converted.model(demo, .f32).makeSession() }
    let changed = try folder.get().file("text-first")
    if !FileManager.default.fileExists(atPath: changed) {
      let copy = changed + "-\(UUID().uuidString)"
      try FileManager.default.copyItem(atPath: Fixtures.path(demo), toPath: copy)
      let configuration = URL(filePath: "\(copy)/config.json")
      let text = try String(contentsOf: configuration, encoding: .utf8)
      let edited = text.replacing(/"prompt_first": true/, with: "\"prompt_first\": false")
      #expect(text != edited)
      try Data(edited.utf8).write(to: configuration)
      // Whoever is second finds it there.
      try? FileManager.default.moveItem(atPath: copy, toPath: changed)
    }
    return try GLiClassModel(path: Converted.glc(changed, .f32)).makeSession()
  }
}
