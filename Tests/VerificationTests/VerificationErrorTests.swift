import Checkpoints
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
      "f: line 9: expected the same text and labels in g, found none for \"a text\""
    ),
  ]

  @Test func everyCaseIsRendered() {
    for (error, message) in Self.rendered {
      #expect(error.message == message && "\(error)" == message)
      #expect(error.hint == nil)
      if case .underlying = error {
        #expect(error.exitStatus == .missingInput)
      } else {
        #expect(error.exitStatus == .badData)
      }
    }
    let long = VerificationError.noPartner(path: "f", line: 1, text: String(repeating: "é", count: 10_000), other: "g")
    #expect(long.message.count < 200)
  }

  func data(_ labels: String) throws -> DataSet {
    try DataSet(path: folder.write("data.jsonl", "{\"text\":\"x\",\"all_labels\":\(labels),\"true_labels\":[]}"))
  }

  func underlying(_ checkpoint: String, labels: String = "[\"a\"]") throws -> (any Diagnostic)? {
    let data = try data(labels)
    let error = verificationError { () throws(VerificationError) in
      try ReferenceOutputs(checkpoint: checkpoint, data: data)
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
    for labels in ["[]", "[\"a\",\"a\"]", "[\"a<<LABEL>>\"]"] {
      let error = try #require(try underlying(Fixtures.randomTiny, labels: labels))
      #expect(error is TokenizationError)
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
    let session = try model.makeSession()
    let error = verificationError { () throws(VerificationError) in try Verifier(model: model, session: session) }
    guard case .underlying(let inner as GLCFormatError) = error else {
      Issue.record("expected a checksum error, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(inner.message.contains("checksum") && inner.message.contains(path))
    #expect(error?.exitStatus == .badData)
  }

  /// A label that the model refuses is an error of the run, not a crash.
  @Test(arguments: [#"["a","a"]"#, #"["<<SEP>>"]"#, "[]"])
  func labelsThatThePromptRefuses(_ labels: String) throws {
    let count = labels == "[]" ? 0 : labels.contains(",") ? 2 : 1
    let logits = "[" + Array(repeating: "0", count: count).joined(separator: ",") + "]"
    let reference = try folder.write(
      "reference.jsonl",
      "{\"reference\":{}}\n{\"text\":\"x\",\"labels\":\(labels),\"input_ids\":[1],\"logits\":\(logits)}\n")
    let data = try data(labels)
    let model = try GLiClassModel(path: Converted.f32.get())
    let verifier = try Verifier(model: model, session: try model.makeSession())
    let outputs = try ReferenceOutputs(path: reference)
    let error = verificationError { () throws(VerificationError) in
      try verifier.verify(outputs, data: data, threshold: 0.5, bounds: VerificationBounds())
    }
    guard case .underlying(let inner as GLiClassError) = error, case .tokenization = inner else {
      Issue.record("expected a tokenization error, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
  }
}
