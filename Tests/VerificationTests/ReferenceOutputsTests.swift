import ModelCore
import Testing
import Verification

@Suite final class ReferenceOutputsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let header = #"{"reference": {"producer": "p 1.0", "max_length": 128, "checkpoint_sha256": "abc"}}"#
  static let line = #"{"text": "one", "labels": ["a", "b"], "input_ids": [1, 5, 2], "logits": [0.5, -1]}"#

  func read(_ text: String) throws -> ReferenceOutputs {
    try ReferenceOutputs(path: folder.write("reference.jsonl", text))
  }

  func error(_ text: String) throws -> VerificationError? {
    let path = try folder.write("reference.jsonl", text)
    return verificationError { () throws(VerificationError) in try ReferenceOutputs(path: path) }
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let goodForms: [String] = [
    "\(header)\n\(line)\n", "\n\(header)\r\n\(line)\r\n\r\n", "[\(header),\(line)]",
  ]

  @Test(arguments: goodForms)
  func forms(_ text: String) throws {
    let reference = try read(text)
    #expect(reference.producer == "p 1.0" && reference.checkpointSHA256 == "abc" && reference.maximumLength == 128)
    #expect(reference.path.hasSuffix("/reference.jsonl"))
    let output = try #require(reference.outputs.first)
    #expect(reference.outputs.count == 1)
    #expect(output.text == "one" && output.labels == ["a", "b"] && output.inputIDs == [1, 5, 2])
    #expect(output.logits == [0.5, -1])
    #expect(output.line == (text.utf8.first == 0x0A ? 3 : 2))
  }

  @Test func whatTheHeaderLeavesOut() throws {
    let reference = try read("{\"reference\": {}}\n\(Self.line)")
    #expect(reference.producer == "unknown" && reference.checkpointSHA256 == nil && reference.maximumLength == nil)
  }

  @Test func fixtures() throws {
    let reference = try ReferenceOutputs(path: Fixtures.debianTags + "/reference.jsonl")
    #expect(
      reference.outputs.count == 200 && reference.producer == "gliclass 0.1.21" && reference.maximumLength == 1024)
    #expect(
      reference.checkpointSHA256 == "e1602d73a38182784de91f691d00bcd2969992fa5c7af7e60171d40ad011d6d1")
    #expect(try ReferenceOutputs(path: Fixtures.randomTiny + "/reference.jsonl").outputs.count == 20)
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let withoutHeader: [String] = [
    "", "\n", "\(line)\n\(line)\n", "{}\n", "{\"reference\": null}\n\(line)", "{\"reference\": 7}", "[]", "[1]",
  ]

  @Test(arguments: withoutHeader)
  func noHeader(_ text: String) throws {
    let error = try error(text)
    guard case .noReferenceHeader(let path) = error else {
      Issue.record("expected noReferenceHeader, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(path.hasSuffix("/reference.jsonl"))
    #expect(error?.exitStatus == .badData)
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let withoutLines: [String] = ["\(header)", "\(header)\n\n", "[\(header)]"]

  @Test(arguments: withoutLines)
  func headerAlone(_ text: String) throws {
    guard case .empty = try error(text) else {
      Issue.record("expected empty")
      return
    }
  }

  @Test(arguments: [
    (#"{"labels":["a"],"input_ids":[1],"logits":[1]}"#, "text, labels, input_ids and logits"),
    (#"{"text":"x","input_ids":[1],"logits":[1]}"#, "labels"),
    (#"{"text":"x","labels":["a"],"logits":[1]}"#, "input_ids"),
    (#"{"text":"x","labels":["a"],"input_ids":[1]}"#, "logits"),
    (#"{"text":7,"labels":["a"],"input_ids":[1],"logits":[1]}"#, "text"),
    (#"{"text":"x","labels":["a"],"input_ids":["1"],"logits":[1]}"#, "input_ids"),
    (#"{"text":"x","labels":["a"],"input_ids":[1],"logits":[null]}"#, "logits"),
    (#"{"text":"x","labels":["a"],"input_ids":[1],"logits":["NaN"]}"#, "logits"),
    (#"{"text":"x","labels":["a"],"input_ids":[1],"logits":[1,2]}"#, "1 logits"),
    (#"{"text":"x","labels":["a","b"],"input_ids":[1],"logits":[]}"#, "2 logits"),
    (#"{"text":"x","labels":["a"],"input_ids":[1.5],"logits":[1]}"#, "input_ids"),
    (#"{"text":"x","labels":["a"],"input_ids":[2147483648],"logits":[1]}"#, "input_ids"),
    (#"{"text":"x","labels":["a"],"input_ids":[1e300],"logits":[1]}"#, "input_ids"),
    (#"{"text":"x","labels":["a"],"input_ids":[1e400],"logits":[1]}"#, "input_ids"),
    (#"{"text":"x","labels":["a"],"input_ids":[1],"logits":[1e39]}"#, "finite logits"),
    (#"{"text":"x","labels":["a"],"input_ids":[1],"logits":[-1e400]}"#, "finite logits"), ("[]", "text"),
    (#"{"text":"x","labels":[""],"input_ids":[1],"logits":[1]}"#, "labels with text"),
    ("null", "text"),
  ])
  func badLines(_ line: String, _ expected: String) throws {
    let error = try error("\(Self.header)\n\(Self.line)\n\n\(line)\n")
    guard case .malformedLine(let path, 4, let wanted, let found) = error else {
      Issue.record("expected malformedLine 4, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(path.hasSuffix("/reference.jsonl") && wanted.contains(expected) && !found.isEmpty)
  }

  @Test func notANumberIsNotJSON() throws {
    let error = try error("\(Self.header)\n" + #"{"text":"x","labels":["a"],"input_ids":[1],"logits":[NaN]}"#)
    guard case .underlying(let core as ModelCoreError) = error, case .invalidJSON(let path, 53, _) = core else {
      Issue.record("expected invalidJSON at 53, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(path.hasSuffix("/reference.jsonl: line 2"))
  }
}

/// Outputs of our own f32 forward pass, against the Python package's.
@Suite struct CheckpointReferenceTests {
  /// Unoptimized code takes a quarter of a second a text, so a debug build looks at the first few only.
  #if DEBUG
    static let textLimit = 25
  #else
    static let textLimit = Int.max
  #endif

  @Test(arguments: [Fixtures.debianTags, Fixtures.randomTiny])
  func agreesWithPython(_ checkpoint: String) throws {
    let folder = try TemporaryFolder()
    let lines = try String(contentsOfFile: checkpoint + "/eval.jsonl", encoding: .utf8).split(separator: "\n")
    let data = try DataSet(
      path: folder.write("data.jsonl", lines.prefix(Self.textLimit).joined(separator: "\n")))
    let computed = try ReferenceOutputs(checkpoint: checkpoint, data: data)
    let python = try ReferenceOutputs(path: checkpoint + "/reference.jsonl")
    #expect(computed.outputs.count == min(python.outputs.count, Self.textLimit))
    #expect(computed.checkpointSHA256 == python.checkpointSHA256)
    #expect(computed.maximumLength == python.maximumLength)
    #expect(computed.path == checkpoint && computed.producer == "reference model, f32")
    var worst = 0.0
    for (ours, theirs) in zip(computed.outputs, python.outputs) {
      #expect(ours.text == theirs.text && ours.labels == theirs.labels && ours.line == 0)
      #expect(ours.inputIDs == theirs.inputIDs)
      #expect(ours.logits.count == theirs.logits.count)
      for (a, b) in zip(ours.logits, theirs.logits) {
        let error = abs(Double(a) - Double(b)) / max(1, abs(Double(b)))
        worst = error.isNaN ? .infinity : max(worst, error)
      }
    }
    #expect(worst <= 1e-4)
    print("\(checkpoint): largest relative error \(worst)")
  }

  @Test func progressEndsAtOne() throws {
    let folder = try TemporaryFolder()
    let data = try DataSet(path: Fixtures.randomTiny + "/eval.jsonl")
    let parts = Parts()
    _ = try ReferenceOutputs(checkpoint: Fixtures.randomTiny, data: data) { parts.append($0) }
    #expect(parts.all.max() == 1)
    #expect(parts.all.allSatisfy { (0...1).contains($0) })
    withExtendedLifetime(folder) {}
  }
}
