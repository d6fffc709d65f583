import Foundation
import Glibc
import Testing

/// `gliclass-convert --max-f1-drift` and `--sensitivity` as users run them.
@Suite struct ConvertSearchTests {
  private let folder: TemporaryFolder
  private static let data = "\(Fixtures.debianTags)/eval.jsonl"
  private static let reference = "\(Fixtures.debianTags)/reference.jsonl"

  init() throws { folder = try TemporaryFolder() }

  private func search(_ more: [String], timeout: Double = 300) throws -> Outcome {
    try Program.convert.run(
      [Fixtures.debianTags, "-o", folder["out.glc"], "--data", Self.data] + more, timeout: timeout)
  }

  /// The part of the metadata that says what was found.
  private struct Inspected: Decodable {
    struct Metadata: Decodable { var drift: Record }
    struct Record: Decodable {
      var schema: Int
      var bound: Double
      var candidates: Int
      var data: DataSet
      var comparison: Half
      var judgement: Half
    }
    struct DataSet: Decodable {
      var name: String
      var sha256: String
      var texts: Int
    }
    struct Half: Decodable {
      var texts: Int
      var micro_f1: Drift
    }
    struct Drift: Decodable {
      var drift: Double
      var interval: [Double]
    }
    var metadata: Metadata
  }

  @Test func aFileWithinTheBound() throws {
    let outcome = try search(["--max-f1-drift", "0.04", "--reference", Self.reference, "--json", folder["found.json"]])
    expectSuccess(outcome)
    #expect(folder.names == ["found.json", "out.glc"])
    #expect(outcome.lines.first == folder["out.glc"])
    #expect(outcome.lines.contains { $0.hasPrefix("  judged") && $0.contains("bound 0.04") }, "\(outcome)")
    let inspected = try Program.classify.run(["inspect", folder["out.glc"], "--json"])
    expectSuccess(inspected)
    let record = try inspected.json(Inspected.self).metadata.drift
    #expect(record.schema == 1 && record.bound == 0.04 && record.candidates > 0)
    #expect(record.data.name == "eval.jsonl" && record.data.texts == 200)
    #expect(record.data.sha256 == "ff0895f315073f6ce4c24cc54fde14ea73f9b7b008d12a51799a7c922ef241b7")
    #expect(record.comparison.texts + record.judgement.texts == 200)
    #expect(record.judgement.micro_f1.interval[1] <= 0.04)
    let text = try Program.classify.run(["inspect", folder["out.glc"]]).text
    #expect(text.contains("\n  searched    micro F1 within 0.04"), "\(text)")
    #expect(text.contains("\n  judged      drift "), "\(text)")
    // The JSON has the record as the file has it.
    struct Found: Decodable {
      var passes: Bool
      var bound: Double
      var units: [String: String]
    }
    let found = try JSONDecoder().decode(Found.self, from: Data(try folder.bytes("found.json")))
    #expect(found.passes && found.bound == 0.04)
    #expect(found.units["embeddings"] != nil)
    // And it runs.
    expectSuccess(try Program.classify.run(["classify", folder["out.glc"], "--labels", "a,b", "a text"]))
  }

  @Test func noFileBeyondTheBound() throws {
    try folder.write("out.glc", "old")
    let outcome = try search(["--max-f1-drift", "0", "--reference", Self.reference, "--texts", "40"])
    #expect(outcome.end == .status(1), "\(outcome)")
    #expect(outcome.errors.isEmpty)
    #expect(outcome.lines.first == "nothing written: nothing keeps micro F1 within 0.00000", "\(outcome)")
    #expect(outcome.lines.contains { $0.hasPrefix("  compared") })
    #expect(folder.names == ["out.glc"])
    #expect(try folder.bytes("out.glc") == Array("old".utf8))
  }

  @Test func aRankingOfTensors() throws {
    let arguments = [Fixtures.debianTags, "--sensitivity", "--data", Self.data, "--texts", "10"]
    let environment = ["TMPDIR": folder.path]
    let table = try Program.convert.run(arguments, environment: environment, timeout: 300)
    expectSuccess(table)
    #expect(table.lines.count == 22, "\(table)")
    #expect(table.lines[0].contains("10 of the 200 texts of eval.jsonl"))
    #expect(table.lines[1].hasPrefix("unit "))
    #expect(table.lines.last?.hasPrefix("everything") == true)
    struct Ranking: Decodable {
      struct Row: Decodable {
        struct Errors: Decodable { var mean: Double }
        var unit: String
        var form: String
        var logit_error: Errors
        var bytes_saved: Int
      }
      var schema: Int
      var texts: Int
      var units: [Row]
    }
    let json = try Program.convert.run(arguments + ["--json", "-"], environment: environment, timeout: 300)
    expectSuccess(json)
    let ranking = try json.json(Ranking.self)
    #expect(ranking.schema == 1 && ranking.texts == 10 && ranking.units.count == 19)
    #expect(ranking.units.map(\.logit_error.mean) == ranking.units.map(\.logit_error.mean).sorted(by: >))
    // The same order as the table.
    #expect(ranking.units.map(\.unit) == table.lines[2..<21].map { String($0.prefix { $0 != " " }) })
    #expect(folder.names.isEmpty)
  }

  @Test func dataWithoutRightLabels() throws {
    let data = try folder.write("plain.jsonl", "{\"text\": \"a text\", \"all_labels\": [\"b\"]}")
    let arguments = [Fixtures.debianTags, "-o", folder["out.glc"], "--data", data, "--max-f1-drift", "0.1"]
    expectFailure(
      try Program.convert.run(arguments), status: 65, naming: [data, "true_labels"], hint: "--sensitivity")
    #expect(folder.names == ["plain.jsonl"])
    // Logit errors need none.
    let ranking = try Program.convert.run(
      [Fixtures.tiny, "--sensitivity", "--data", data], environment: ["TMPDIR": folder.path])
    expectSuccess(ranking)
    #expect(ranking.lines[2].contains(" - "), "\(ranking)")
  }

  @Test func missingData() throws {
    let arguments = [Fixtures.debianTags, "-o", folder["out.glc"], "--data", folder["none"], "--max-f1-drift", "0.1"]
    expectFailure(try Program.convert.run(arguments), status: 66, naming: [folder["none"]])
  }

  /// Between two pieces of work, and nothing is left.
  @Test(arguments: [SIGINT, SIGTERM]) func signals(_ signal: Int32) throws {
    let outcome = try ChildProcess.run(
      [
        try Program.convert.path, Fixtures.debianTags, "-o", folder["out.glc"], "--data", Self.data,
        "--max-f1-drift", "0.03",
      ],
      stop: (signal, 1), timeout: 120)
    #expect(outcome.end == .status(128 + signal), "\(outcome)")
    #expect(outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
    #expect(folder.names.isEmpty)
  }

  // MARK: Command lines

  /// Arguments behind the input, and what the error names.
  static let refused: [(arguments: [String], names: String)] = [
    (["--max-f1-drift", "0.1", "--data", "d"], "--output"),
    (["-o", "o", "--max-f1-drift", "0.1"], "--data"),
    (["--sensitivity"], "--data"),
    (["-o", "o", "--data", "d"], "--data needs"),
    (["-o", "o", "--budget", "3"], "--budget needs"),
    (["-o", "o", "--texts", "3"], "--texts needs"),
    (["-o", "o", "--single-label"], "--single-label needs"),
    (["-o", "o", "--max-f1-drift", "-1", "--data", "d"], "--max-f1-drift"),
    (["-o", "o", "--max-f1-drift=nan", "--data", "d"], "--max-f1-drift"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--budget", "0"], "--budget"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--budget", "inf"], "--budget"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--texts", "1"], "--texts"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--threshold", "2"], "--threshold"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--threshold", "0.4", "--single-label"], "--threshold"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--q8"], "--q8"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--q4"], "--q4"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--q4-embeddings", "--group-size", "32"], "--group-size"),
    (["-o", "o", "--max-f1-drift", "0.1", "--data", "d", "--recipe", "r"], "--recipe"),
    (["--max-f1-drift", "0.1", "--data", "d", "--dry-run"], "--dry-run"),
    (["--max-f1-drift", "0.1", "--data", "d", "--sensitivity"], "--sensitivity"),
    (["-o", "o", "--sensitivity", "--data", "d"], "--output"),
    (["--sensitivity", "--data", "d", "--list"], "--list"),
    (["--sensitivity", "--data", "d", "--texts", "0"], "--texts"),
    (["--sensitivity", "--data", "d", "--reference", "r"], "--reference"),
  ]

  @Test(arguments: refused.indices) func senselessCombinations(_ index: Int) throws {
    let (arguments, names) = Self.refused[index]
    let outcome = try Program.convert.run([Fixtures.tiny] + arguments, in: folder.path)
    expectFailure(outcome, status: 64, naming: [names], hint: "--help")
    #expect(folder.names.isEmpty)
  }
}
