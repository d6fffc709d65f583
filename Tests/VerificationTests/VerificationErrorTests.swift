import Checkpoints
import DataSets
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import ReferenceModel
import Testing
import Tokenization
import TokenizerCompiler
import Verification

/// Every case, provoked, and the errors of other modules as they are.
@Suite final class VerificationErrorTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let rendered: [(VerificationError, String)] = [
    (.underlying(ModelCoreError.cannotOpen(path: "f", reason: "r")), "f: cannot open: r"),
    (.malformedLine(path: "f", line: 3, expected: "x", found: "y"), "f: line 3: expected x, found y"),
    (.noReferenceHeader(path: "f"), "f: line 1: expected {\"reference\": …}, found something else"),
    (.empty(path: "f"), "f: expected at least one text, found none"),
    (
      .noPartner(path: "f", line: 9, text: "a text", other: "g"),
      "f: line 9: expected the same text and labels, as often, in g, found none for \"a text\""
    ),
    (.unusableExample(path: "f", line: 2, reason: "r"), "f: line 2: r"),
    (.noTruth(path: "f"), "f: expected true_labels, which a bound on F1 needs, found none in any line"),
    (.noDataSets(path: "f"), "f: expected data sets (.jsonl, .json, .csv or .tsv), found none"),
    (.noReference(path: "f", expected: "g"), "f: expected g beside it, found none"),
    (.noDataSet(path: "f", name: "n"), "f: expected a data set n.jsonl beside it, found none"),
    (.twoDataSets(path: "f", name: "n"), "f: expected one data set named n, found more"),
  ]

  @Test func everyCaseIsRendered() {
    for (error, message) in Self.rendered {
      #expect(error.message == message && "\(error)" == message)
      switch error {
      case .noTruth, .noReference: #expect(error.hint != nil)
      default: #expect(error.hint == nil)
      }
      if case .underlying = error {
        #expect(error.exitStatus == .missingInput)
      } else {
        #expect(error.exitStatus == .badData)
      }
    }
    let long = VerificationError.noPartner(path: "f", line: 1, text: String(repeating: "é", count: 10_000), other: "g")
    #expect(long.message.count < 200)
  }

  func data(_ labels: String) throws -> String {
    try folder.write("data.jsonl", "{\"text\":\"x\",\"all_labels\":\(labels),\"true_labels\":[]}")
  }

  func underlying(_ checkpoint: String, labels: String = "[\"a\"]") throws -> (any Diagnostic)? {
    let examples = try ExampleReader(path: data(labels))
    let error = verificationError { () throws(VerificationError) in
      var source = CheckpointReference(
        try CheckpointOutputs(path: checkpoint, adapter: nil, profile: .tokenizers, threads: 1),
        examples: examples)
      _ = try source.next(10)
    }
    guard case .underlying(let inner) = error else { return nil }
    #expect(error?.message == inner.message && error?.hint == inner.hint && error?.exitStatus == inner.exitStatus)
    return inner
  }

  @Test func errorsOfTheCheckpoint() throws {
    let absent = try #require(try underlying(folder.path + "/absent"))
    #expect(absent is CheckpointError && absent.exitStatus == .missingInput)
    let damaged = try folder.checkpoint(changing: "model.safetensors") { $0.prefix(1000) }
    let error = try #require(try underlying(damaged))
    #expect(error is CheckpointError && error.exitStatus == .badData)
    let config = try folder.checkpoint(changing: "config.json") { _ in Data("{}".utf8) }
    #expect(try underlying(config) != nil)
  }

  @Test func errorsOfTheTokenizer() throws {
    let broken = try folder.checkpoint(changing: "tokenizer.json") { _ in Data("{\"version\":\"1.0\"}".utf8) }
    let error = try #require(try underlying(broken))
    #expect(error is TokenizerCompilerError)
    let data = try data("[\"a<<LABEL>>\"]")
    let examples = try ExampleReader(path: data)
    let refused = verificationError { () throws(VerificationError) in
      var source = CheckpointReference(
        try CheckpointOutputs(path: Fixtures.randomTiny, adapter: nil, profile: .tokenizers, threads: 1),
        examples: examples)
      _ = try source.next(10)
    }
    guard case .unusableExample(data, 1, let reason) = refused, reason.contains("<<LABEL>>") else {
      Issue.record("expected unusableExample, found \(refused.map { "\($0)" } ?? "no error")")
      return
    }
  }

  @Test func errorsOfTheReferenceModel() throws {
    let path = try folder.checkpoint(changing: "model.safetensors") { data in
      // Same length, another name: the tensor that the model asks for is not there.
      var data = data
      let name = Data("encoder.layer.1.output.dense.weight".utf8)
      let range = try #require(data.range(of: name))
      data.replaceSubrange(range, with: Data("encoder.layer.1.output.dense.weighs".utf8))
      return data
    }
    let error = try #require(try underlying(path))
    #expect(error is ReferenceModelError)
    #expect(error.message.contains("layer.1.output.dense.weight"))
  }

  @Test func errorsOfTheModel() throws {
    // A flipped bit in the bytes of a tensor, which the file holds as the checkpoint does: found before anything runs.
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: Converted.f32.get())))
    let tensor = try #require(try Checkpoint.open(Fixtures.randomTiny).tensor("model.text_projector.linear_1.bias"))
    let source = try Data(contentsOf: URL(fileURLWithPath: Fixtures.randomTiny + "/model.safetensors"))
    let values = source[try #require(tensor.byteRange)]
    let start = try #require(Data(bytes).range(of: values)).lowerBound
    bytes[start + 5] ^= 0x10
    let path = try folder.write("damaged.glc", bytes)
    let model = try GLiClassModel(path: path)
    let error = verificationError { () throws(VerificationError) in
      try Verifier(model: model, options: VerificationOptions())
    }
    guard case .underlying(let inner as GLCFormatError) = error else {
      Issue.record("expected a checksum error, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(inner.message.contains("checksum") && inner.message.contains(path))
    #expect(error?.exitStatus == .badData)
  }

  /// A label that the model refuses is an error of the run that names the line, not a crash.
  @Test func labelsThatThePromptRefuses() throws {
    let reference = try folder.write(
      "reference.jsonl",
      "{\"reference\":{}}\n{\"text\":\"x\",\"labels\":[\"<<SEP>>\"],\"input_ids\":[1],\"logits\":[0]}\n")
    let data = try DataIndex(path: data("[\"<<SEP>>\"]"))
    let verifier = try Verifier(model: GLiClassModel(path: Converted.f32.get()), options: VerificationOptions())
    let source = try ReferenceFile(path: reference)
    let error = verificationError { () throws(VerificationError) in try verifier.verify(against: source, data: data) }
    guard case .unusableExample(reference, 2, let reason) = error, reason.contains("<<SEP>>") else {
      Issue.record("expected unusableExample, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
  }
}
