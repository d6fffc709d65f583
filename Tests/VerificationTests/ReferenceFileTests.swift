import ModelCore
import Testing
import Verification

@Suite final class ReferenceFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let header = #"{"reference": {"producer": "p 1.0", "max_length": 128, "checkpoint_sha256": "abc"}}"#
  static let line = #"{"text": "one", "labels": ["a", "b"], "input_ids": [1, 5, 2], "logits": [0.5, -1]}"#

  func read(_ text: String) throws -> ReferenceFile {
    try ReferenceFile(path: folder.write("reference.jsonl", text))
  }

  func error(_ text: String) throws -> VerificationError? {
    let path = try folder.write("reference.jsonl", text)
    return verificationError { () throws(VerificationError) in
      var file = try ReferenceFile(path: path)
      while try !file.next(10).isEmpty {}
    }
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let goodForms: [String] = [
    "\(header)\n\(line)\n", "\n\(header)\r\n\(line)\r\n\r\n", "[\(header),\(line)]",
  ]

  @Test(arguments: goodForms)
  func forms(_ text: String) throws {
    let reference = try read(text)
    let header = reference.header
    #expect(header.producer == "p 1.0" && header.checkpointSHA256 == "abc" && header.maximumLength == 128)
    #expect(reference.path.hasSuffix("/reference.jsonl"))
    let outputs = try outputs(of: reference)
    let output = try #require(outputs.first)
    #expect(outputs.count == 1)
    #expect(output.text == "one" && output.labels == ["a", "b"] && output.inputIDs == [1, 5, 2])
    #expect(output.logits == [0.5, -1])
    #expect(output.line == (text.utf8.first == 0x0A ? 3 : 2))
  }

  @Test func whatTheHeaderLeavesOut() throws {
    let header = try read("{\"reference\": {}}\n\(Self.line)").header
    #expect(header == ReferenceHeader(producer: "unknown"))
  }

  /// A member of another type is no member that is not there.
  @Test(arguments: [
    (#""content_digest": 5"#, "a string for content_digest"), (#""max_length": "512""#, "an integer for max_length"),
    (#""prompt_first": "yes""#, "true or false for prompt_first"), (#""batch_size": 1.5"#, "an integer for batch_size"),
    (#""producer": []"#, "a string for producer"),
  ])
  func membersOfOtherTypes(_ member: String, _ wanted: String) throws {
    let error = try error("{\"reference\": {\(member)}}\n\(Self.line)")
    guard case .malformedLine(_, 1, wanted, _) = error else {
      Issue.record("expected \(wanted), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(try read("{\"reference\": {\"max_length\": null}}\n\(Self.line)").header.maximumLength == nil)
  }

  @Test func fixtures() throws {
    let reference = try ReferenceFile(path: Fixtures.debianTags + "/reference.jsonl")
    let header = reference.header
    #expect(header.producer == "gliclass 0.1.21" && header.maximumLength == 1024 && header.promptFirst == true)
    #expect(header.dtype == "float32" && header.tokenizerProfile == "tokenizers" && header.labelCase == "as given")
    #expect(header.checkpointSHA256 == "e1602d73a38182784de91f691d00bcd2969992fa5c7af7e60171d40ad011d6d1")
    #expect(header.versions.map(\.name) == ["torch", "transformers", "tokenizers"])
    #expect(try outputs(of: reference).count == 200)
    #expect(try outputs(of: ReferenceFile(path: Fixtures.randomTiny + "/reference.jsonl")).count == 20)
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
    let data = try folder.write("data.jsonl", lines.prefix(Self.textLimit).joined(separator: "\n"))
    let source = try checkpointReference(checkpoint, data: data)
    let file = try ReferenceFile(path: checkpoint + "/reference.jsonl")
    let (computed, python) = (try outputs(of: source), try outputs(of: file))
    #expect(computed.count == min(python.count, Self.textLimit))
    #expect(source.header.maximumLength == file.header.maximumLength)
    #expect(source.header.promptFirst == file.header.promptFirst && source.header.dtype == file.header.dtype)
    #expect(source.header.tokenizerProfile == file.header.tokenizerProfile)
    #expect(source.path == checkpoint && source.header.producer == "reference model, f32")
    var worst = 0.0
    for (ours, theirs) in zip(computed, python) {
      #expect(ours.text == theirs.text && ours.labels == theirs.labels && ours.line == theirs.line - 1)
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
}
