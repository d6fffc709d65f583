import Foundation
import Testing

/// `gliclass-verify`, where there is no verdict: never status 0 or 1.
@Suite struct VerifyInputTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  private static let reference = "\(Fixtures.tiny)/reference.jsonl"
  private static let data = "\(Fixtures.tiny)/eval.jsonl"

  private func lines(_ path: String) throws -> [String] {
    String(decoding: try bytes(path), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Writes `path` with its line `number`, from 1, replaced by what `edit` makes of it.
  private func editing(_ path: String, _ number: Int, _ edit: (String) -> String) throws -> String {
    var lines = try lines(path)
    let edited = edit(lines[number - 1])
    guard edited != lines[number - 1] else { throw HarnessError("line \(number) of \(path) is as it was") }
    lines[number - 1] = edited
    return try folder.write("edited.jsonl", lines.joined(separator: "\n"))
  }

  private func expectRefusal(
    reference: String = reference, data: String = data, options: [String] = [], status: Int32 = 65,
    naming texts: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.verify.run([model, "--reference", reference, "--data", data] + options)
    expectFailure(outcome, status: status, naming: texts, sourceLocation: sourceLocation)
  }

  @Test func commandLine() throws {
    let (reference, data, checkpoint) = (
      ["--reference", Self.reference], ["--data", Self.data], ["--checkpoint", Fixtures.tiny]
    )
    let lines: [([String], String)] = [
      ([], "<model>"), ([model] + reference, "--data"), ([model] + data, "--reference"),
      ([model] + reference + ["--baseline", model] + data, "--baseline"), (reference + data, "<model>"),
      ([model] + reference + data + ["--suite", folder.path], "--suite"),
      ([model] + reference + ["--suite", folder.path], "--reference"),
      ([model] + reference + data + ["--layers"], "--layers"),
      ([model] + reference + data + ["--adapter", "a"], "--adapter"),
      ([model] + checkpoint + ["--suite", folder.path, "--stamp"], "--stamp"),
      ([model] + reference + data + ["--tokenizer-profile", "tokenizers"], "--tokenizer-profile"),
      ([model] + checkpoint + data + ["--tokenizer-profile", "other"], "--tokenizer-profile"),
      ([model] + reference + data + ["--allow-mismatch", "everything"], "--allow-mismatch"),
      ([model] + reference + data + ["--point-estimate"], "--max-f1-drift"),
      ([model] + reference + data + ["--single-label", "--threshold", "0.3"], "--single-label"),
      ([model] + reference + data + ["--confidence", "1"], "--confidence"),
      ([model] + reference + data + ["--confidence", "nan"], "--confidence"),
      ([model] + reference + data + ["--resamplings", "10"], "--resamplings"),
      // The ends of such intervals lie beyond the outermost resampling.
      ([model] + reference + data + ["--confidence", "0.999", "--resamplings", "200"], "at least 1999"),
      ([model] + reference + data + ["--confidence", "0.9999999999999999"], "more than 100000"),
      ([model] + checkpoint + data + ["--layer-texts", "0"], "--layer-texts"),
      ([model] + reference + data + ["--min-f1", "1.5"], "--min-f1"),
      ([model] + reference + data + ["--max-flips", "-1"], "--max-flips"),
      ([model] + reference + data + ["--max-flips", "101%"], "--max-flips"),
      ([model] + reference + data + ["--max-flips", "nan"], "--max-flips"),
      ([model] + reference + data + ["--format", "xml"], "--format"),
      ([model] + reference + data + ["--text-column", "body"], "--text-column"),
      ([model] + reference + data + ["--max-flips", "1.0"], "--max-flips"),
      ([model] + reference + data + ["--label-separator", ""], "--label-separator"),
      ([model] + reference + data + ["--json", "-", "--html", "-"], "standard output"),
      ([model] + reference + data + ["--threshold", "2"], "--threshold"),
      ([model] + reference + data + ["--threshold", "nan"], "--threshold"),
      ([model] + reference + data + ["--bogus"], "--bogus"),
      ([model] + reference + data + ["--threads", "0"], "threads"),
    ]
    for (arguments, text) in lines { expectFailure(try Program.verify.run(arguments), status: 64, naming: [text]) }
  }

  /// More labels than a prompt has room for: the line of the data, whatever the reference is.
  @Test func tooManyLabels() throws {
    let labels = (0..<70_000).map { "\"l\($0)\"" }.joined(separator: ",")
    let data = try folder.write("labels.jsonl", "\n{\"text\": \"a\", \"all_labels\": [\(labels)]}\n")
    for reference in [["--baseline", model], ["--checkpoint", Fixtures.tiny]] {
      let outcome = try Program.verify.run([model, "--data", data] + reference)
      expectFailure(outcome, status: 65, naming: [data, "line 2", "lost labels"])
    }
  }

  @Test(arguments: ["--max-f1-drift", "--max-logit-error"]) func boundsThatBoundNothing(_ option: String) throws {
    for value in ["-1", "nan", "-nan", "NaN", "-inf", "-1e-9", "x", ""] {
      try expectRefusal(options: ["\(option)=\(value)"], status: 64, naming: [option])
    }
  }

  @Test func missingFiles() throws {
    try expectRefusal(reference: folder["none"], status: 66, naming: [folder["none"]])
    try expectRefusal(data: folder["none"], status: 66, naming: [folder["none"]])
    let checkpoint = try Program.verify.run([model, "--checkpoint", folder["none"], "--data", Self.data])
    expectFailure(checkpoint, status: 66, naming: [folder["none"]])
    let noModel = try Program.verify.run([folder["none"], "--reference", Self.reference, "--data", Self.data])
    expectFailure(noModel, status: 66, naming: [folder["none"]])
    try expectRefusal(data: folder.path, status: 66, naming: [folder.path, "directory"])
  }

  @Test func badModelAndCheckpoint() throws {
    let notAModel = try Program.verify.run([Self.data, "--reference", Self.reference, "--data", Self.data])
    expectFailure(notAModel, status: 65, naming: [Self.data, ".glc"])
    let checkpoint = try folder.checkpoint(["config.json": Array("{}".utf8)])
    let outcome = try Program.verify.run([model, "--checkpoint", checkpoint, "--data", Self.data])
    expectFailure(outcome, status: 65, naming: ["\(checkpoint)/config.json"])
  }

  @Test func referenceWithoutHeader() throws {
    let all = try lines(Self.reference)
    for text in [all.dropFirst().joined(separator: "\n"), "", "\n", "{}", "{\"reference\": 1}\n\(all[1])"] {
      let path = try folder.write("r.jsonl", text)
      try expectRefusal(reference: path, naming: [path, "line 1", "reference"])
    }
    let path = try folder.write("r.jsonl", all[0])
    try expectRefusal(reference: path, naming: [path, "found none"])
  }

  @Test func referenceLineWithoutPartner() throws {
    let text = try editing(Self.reference, 5) { $0.replacing(/"text": "/, with: "\"text\": \"other ") }
    try expectRefusal(reference: text, naming: [text, "line 5", Self.data])
    // The same labels in another order are another input.
    let labels = try editing(Self.reference, 4) {
      $0.replacing(/"labels": \[("[^"]*"), ("[^"]*")/, with: { "\"labels\": [\($0.2), \($0.1)" })
    }
    try expectRefusal(reference: labels, naming: [labels, "line 4"])
    let short = try folder.write("short.jsonl", try lines(Self.data).prefix(3).joined(separator: "\n"))
    try expectRefusal(data: short, naming: [Self.reference, "line 5", short])
  }

  @Test func malformedLineIsNamedByNumber() throws {
    let edits: [(String, String)] = [
      ("\"logits\"", "\"logit\""), ("\"input_ids\"", "\"ids\""), ("\"labels\": [", "\"labels\": [5, "),
      ("\"logits\": [", "\"logits\": [1.5, "), ("\"logits\": [", "\"logits\": [\"1\", "),
      ("\"input_ids\": [1", "\"input_ids\": [1.5"),
      ("\"input_ids\": [1", "\"input_ids\": [99999999999"), ("}", ""), ("{", "{{"),
    ]
    for (old, new) in edits {
      let path = try editing(Self.reference, 7) { $0.replacingOccurrences(of: old, with: new) }
      try expectRefusal(reference: path, naming: [path, "line 7"])
    }
    let dataEdits: [(String, String)] = [
      ("\"true_labels\"", "\"labels\""), ("\"all_labels\": [", "\"all_labels\": [5, "),
      ("\"true_labels\": [", "\"true_labels\": [\"no such\", "),
      ("\"text\": \"", "\"text\": 5, \"t\": \""), ("}", "},"), ("{", ""),
    ]
    for (old, new) in dataEdits {
      let path = try editing(Self.data, 6) { $0.replacingOccurrences(of: old, with: new) }
      try expectRefusal(data: path, naming: [path, "line 6"])
    }
    let empty = try folder.write("empty.jsonl", "\n  \n")
    try expectRefusal(data: empty, naming: [empty, "found none"])
  }

  /// JSON has no NaN; whatever stands for one is refused, and no bound is ever met by it.
  @Test(arguments: ["NaN", "null", "\"nan\"", "1e999", "-1e39", "Infinity"]) func logitsThatAreNoNumbers(
    _ value: String
  ) throws {
    let path = try editing(Self.reference, 3) { $0.replacing(/"logits": \[[^,\]]*/, with: "\"logits\": [\(value)") }
    for options in [[], ["--max-logit-error", "1e300"], ["--max-f1-drift", "1"]] {
      try expectRefusal(reference: path, options: options, naming: [path, "line 3"])
    }
  }

  /// Weights that make the engine overflow: an error, and not a comparison with NaN.
  @Test func activationsThatAreNotFinite() throws {
    let data = try GLCBytes().section("tensor data")
    struct File: Decodable {
      struct Tensor: Decodable {
        var name: String
        var offset: Int
      }
      var tensors: [Tensor]
    }
    let inspected = try Program.classify.run(["inspect", model, "--json"]).json(File.self)
    let gain = try #require(inspected.tensors.first { $0.name == "embeddings.norm.gain" })
    var file = try GLCBytes()
    for index in 0..<64 { file.set(data.offset + gain.offset + 4 * index, 4, to: 0x7FC0_0000) }
    let damaged = try folder.write("nan.glc", file.bytes)
    let outcome = try Program.classify.run(["classify", damaged, "--labels", "a", "x"])
    expectFailure(outcome, status: 65, naming: [damaged, "finite"])
  }
}
