import Foundation
import Testing

/// What `gliclass-verify` writes beside the table, and the other ways to give it texts and references.
@Suite struct VerifyReportTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  private static let reference = ["--reference", "\(Fixtures.tiny)/reference.jsonl"]
  private static let data = ["--data", "\(Fixtures.tiny)/eval.jsonl"]
  private func verify(_ options: [String]) throws -> Outcome { try Program.verify.run([model] + options) }

  /// One run writes all of them; each alone on standard output is the same.
  @Test func allReports() throws {
    let names = ["json", "junit", "markdown", "html"]
    let bounds = ["--max-flips", "10%", "--max-logit-error", "2"]
    let outcome = try verify(
      Self.reference + Self.data + bounds + names.flatMap { ["--\($0)", folder["report.\($0)"]] })
    expectSuccess(outcome)
    #expect(outcome.lines.last?.hasPrefix("verdict: pass ") == true)
    for (name, start) in zip(names, ["{", "<?xml", "#", "<!DOCTYPE html>"]) {
      let written = try folder.bytes("report.\(name)")
      #expect(String(decoding: written, as: UTF8.self).hasPrefix(start) && written.last == 0x0A, "\(name)")
      let printed = try verify(Self.reference + Self.data + bounds + ["--\(name)", "-"])
      expectSuccess(printed)
      #expect(printed.output == written, "\(name)")
    }
    #expect(folder.names == ["model.glc"] + names.map { "report.\($0)" }.sorted())
  }

  /// A failure is reported in every form, and the files are there.
  @Test func reportsOfAFailure() throws {
    let outcome = try verify(
      Self.reference + Self.data
        + ["--max-logit-error", "0.1", "--junit", folder["v.xml"], "--markdown", folder["v.md"], "--min-f1", "0.9"])
    #expect(outcome.end == .status(1))
    let junit = String(decoding: try folder.bytes("v.xml"), as: UTF8.self)
    #expect(junit.components(separatedBy: "<failure").count == 3 && junit.contains("max-logit-error"))
    #expect(String(decoding: try folder.bytes("v.md"), as: UTF8.self).contains("FAIL"))
  }

  @Test func reportsReplaceNothingThatIsRead() throws {
    for (option, path) in [("--html", model), ("--junit", "\(folder.path)/./model.glc")] {
      expectFailure(
        try verify(Self.reference + Self.data + [option, path]), status: 73, naming: [path, "which is read"])
    }
    expectFailure(
      try verify(Self.reference + Self.data + ["--html", folder["x"], "--json", folder["x"]]), status: 73,
      naming: [folder["x"], "--json"])
    #expect(folder.names == ["model.glc"])
  }

  /// The verdict in the file: shown, kept by another run of the same, and void once the model is another.
  @Test func stamp() throws {
    let plain = try folder.bytes("model.glc")
    let outcome = try verify(Self.reference + Self.data + ["--max-f1-drift", "0.5", "--stamp"])
    expectSuccess(outcome)
    let stamped = try folder.bytes("model.glc")
    #expect(stamped != plain)
    let shown = try Program.classify.run(["inspect", model])
    expectSuccess(shown)
    #expect(shown.text.contains("verdict") && shown.text.contains("pass") && shown.text.contains("eval.jsonl"))
    // The verdict does not depend on there being one.
    let again = try verify(Self.reference + Self.data + ["--max-f1-drift", "0.5", "--stamp"])
    #expect(again.lines.last == outcome.lines.last)
    #expect(try folder.bytes("model.glc") == stamped)
    let failing = try verify(Self.reference + Self.data + ["--max-f1-drift", "0", "--stamp"])
    #expect(failing.end == .status(1))
    #expect(try Program.classify.run(["inspect", model]).text.contains("FAIL"))
  }

  /// Texts as a table, with columns by other names, give the figures of the same texts in JSON.
  @Test func textsInATable() throws {
    struct Line: Decodable {
      var text: String
      var all_labels: [String]
      var true_labels: [String]
    }
    func field(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }
    let lines = try String(decoding: bytes("\(Fixtures.tiny)/eval.jsonl"), as: UTF8.self).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    let rows = lines.map {
      [$0.true_labels.joined(separator: "|"), $0.text, $0.all_labels.joined(separator: "|")].map(field)
        .joined(separator: ",")
    }
    let csv = try folder.write("texts.csv", (["right,body,candidates"] + rows).joined(separator: "\r\n"))
    let columns = ["--text-column", "body", "--true-labels-column", "right", "--labels-column", "candidates"]
    let table = try verify(Self.reference + ["--data", csv] + columns)
    expectSuccess(table)
    let plain = try verify(Self.reference + Self.data)
    #expect(table.lines.last == plain.lines.last)
    let wrong = try verify(Self.reference + ["--data", csv])
    expectFailure(wrong, status: 65, naming: [csv, "text", "body"])
  }

  /// A folder of sets: a row each, averages, and a failure where one fails.
  @Test func suite() throws {
    let sets = try folder.makeFolder("sets")
    let lines = try String(decoding: bytes("\(Fixtures.tiny)/eval.jsonl"), as: UTF8.self).split(separator: "\n")
    let outputs = try String(decoding: bytes("\(Fixtures.tiny)/reference.jsonl"), as: UTF8.self).split(separator: "\n")
    for (name, range) in [("first", 0..<10), ("second", 10..<20)] {
      try folder.write("sets/\(name).jsonl", lines[range].joined(separator: "\n"))
      try folder.write(
        "sets/\(name).reference.jsonl",
        ([outputs[0]] + outputs.dropFirst()[range.lowerBound + 1..<range.upperBound + 1])
          .joined(separator: "\n"))
    }
    try folder.write("sets/README.md", "not a data set")
    let outcome = try verify(["--suite", sets, "--json", folder["suite.json"], "--html", folder["suite.html"]])
    expectSuccess(outcome)
    for text in ["first", "second", "AVERAGE", "sets=2"] { #expect(outcome.text.contains(text), "\(text)") }
    let failing = try verify(["--suite", sets, "--max-logit-error", "0.5"])
    #expect(failing.end == .status(1) && failing.lines.last?.hasPrefix("verdict: FAIL ") == true, "\(failing)")
    let computed = try verify(["--suite", sets, "--checkpoint", Fixtures.tiny])
    expectSuccess(computed)

    try FileManager.default.removeItem(atPath: "\(sets)/second.reference.jsonl")
    expectFailure(try verify(["--suite", sets]), status: 65, naming: ["second.jsonl", "second.reference.jsonl"])
    try FileManager.default.moveItem(atPath: "\(sets)/second.jsonl", toPath: folder["away.jsonl"])
    try folder.write("sets/second.reference.jsonl", String(outputs[0]))
    expectFailure(try verify(["--suite", sets]), status: 65, naming: ["second.reference.jsonl", "second.jsonl"])
    try FileManager.default.removeItem(atPath: "\(sets)/second.reference.jsonl")
    try folder.write("sets/first.csv", "text,label\nx,y\n")
    expectFailure(try verify(["--suite", sets]), status: 65, naming: [sets, "first"])
    expectFailure(try verify(["--suite", try folder.makeFolder("none")]), status: 65, naming: ["data sets"])
    expectFailure(try verify(["--suite", folder["absent"]]), status: 66, naming: [folder["absent"]])
  }

  /// Two conversions side by side, without a checkpoint and without true labels.
  @Test func baseline() throws {
    let f32 = folder["f32.glc"]
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", f32, "--f32"]))
    let text = String(decoding: try bytes("\(Fixtures.tiny)/eval.jsonl"), as: UTF8.self)
    let plain = try folder.write("plain.jsonl", text.replacing(/, "true_labels": \[[^\]]*\]/, with: ""))
    let outcome = try verify(["--baseline", f32, "--data", plain, "--max-flips", "5%", "--layers"])
    expectSuccess(outcome)
    for text in ["no true labels", "layer 1, output", "decisions flipped"] {
      #expect(outcome.text.contains(text), "\(text) in \(outcome.text)")
    }
    let bound = try verify(["--baseline", f32, "--data", plain, "--max-f1-drift", "0.1"])
    expectFailure(bound, status: 65, naming: [plain, "true_labels"], hint: "--max-flips")
    let itself = try verify(["--baseline", model, "--data", plain, "--max-flips", "0", "--max-logit-error", "0"])
    expectSuccess(itself)
  }
}
