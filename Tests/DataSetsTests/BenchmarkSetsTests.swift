import DataSets
import Foundation
import Testing

/// `Scripts/fetch_benchmarks.py` on small stand-ins of the public sets, read by the reader of data sets.
@Suite final class BenchmarkSetsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func fetch(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let scripts = URL(fileURLWithPath: Fixtures.benchmarks).appendingPathComponent("../../../Scripts").standardized.path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
    process.arguments = [python, scripts + "/fetch_benchmarks.py"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  func examples(_ name: String) throws -> [DataExample] {
    var reader = try ExampleReader(path: "\(folder.path)/\(name).jsonl")
    var examples: [DataExample] = []
    while let example = try reader.next() { examples.append(example) }
    return examples
  }

  /// Every set of the table has a stand-in, and becomes a data set with one right label a text.
  @Test func everySet() throws {
    let list = try fetch(["--list"])
    let names = list.output.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(list.status == 0 && names.count > 10 && names.contains("sst2"))
    let run = try fetch(["-o", folder.path, "--source", Fixtures.benchmarks])
    #expect(run.status == 0, "\(run.output)")
    for name in names {
      let index = try DataIndex(path: "\(folder.path)/\(name).jsonl")
      #expect(index.count == 6 && index.hasTruth, "\(name)")
      for position in 0..<index.count { #expect(index.truths(of: position).filter { $0 }.count == 1, "\(name)") }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == names.count)
  }

  /// Names of classes from where each set has them, and texts as they are.
  @Test func labelsAndTexts() throws {
    #expect(try fetch(["-o", folder.path, "--source", Fixtures.benchmarks]).status == 0)
    let news = try examples("ag_news")
    #expect(news.map(\.labels).allSatisfy { $0 == ["World", "Sports", "Business", "Sci/Tech"] })
    #expect(news.map(\.trueLabels) == [["World"], ["Sports"], ["Business"], ["Sci/Tech"], ["World"], ["Sports"]])
    #expect(news[1].text == "Quotes \"and\" commas, for ag_news, text: \u{E9}, \u{4E2D}, \u{1F600}.")
    #expect(news[2].text == "Two lines\nof ag_news, text." && news[3].text == "")
    #expect(try examples("banking77")[0].labels == ["Refund not showing up", "activate my card", "card arrival"])
    #expect(try examples("imdb")[1].trueLabels == ["positive"])
    let joined = try examples("dbpedia_14")[0]
    #expect(joined.text.split(separator: "\n").count == 2)
    #expect(joined.labels.count == 14 && joined.labels[1] == "educational institution")
  }

  /// A limit takes the same texts every time, in the order of the set, and offers all its labels.
  @Test func limit() throws {
    func sample(_ seed: String) throws -> [DataExample] {
      let run = try fetch([
        "-o", folder.path, "--source", Fixtures.benchmarks, "--limit", "3", "--seed", seed, "20_newsgroups",
      ])
      #expect(run.status == 0, "\(run.output)")
      return try examples("20_newsgroups")
    }
    let first = try sample("1")
    #expect(first.count == 3 && first[0].labels.count == 3)
    #expect(try sample("1") == first)
    let all = try (0..<8).map { try sample("\($0)").map(\.text) }
    #expect(Set(all).count > 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["20_newsgroups.jsonl"])
  }

  @Test func errors() throws {
    let source = ["-o", "\(folder.path)/out", "--source", folder.path]
    func expect(_ status: Int32, _ text: String, _ arguments: [String]) throws {
      let run = try fetch(arguments)
      #expect(run.status == status && run.output.hasPrefix("error: ") && run.output.contains(text), "\(run)")
      #expect(run.output.split(separator: "\n").count == 1)
    }
    try expect(64, "-o DIR", [])
    try expect(64, "no set 'sst9'", source + ["sst9"])
    try expect(66, "no imdb.jsonl", source + ["imdb"])
    _ = try folder.write("imdb.jsonl", "{\"body\": \"x\", \"label\": 0}\n")
    try expect(65, "expected a column 'text', found 'body', 'label'", source + ["imdb"])
    _ = try folder.write("imdb.jsonl", "{\"text\": \"x\", \"label\": -1}\n")
    try expect(65, "expected a class id from 0 to 1, found -1", source + ["imdb"])
    _ = try folder.write("imdb.jsonl", "{\"text\": \"x\", \"label\": 0}\nnot JSON\n")
    try expect(65, "line 2", source + ["imdb"])
    _ = try folder.write("sst2.jsonl", "{\"sentence\": \"x\", \"label\": 0}\n")
    try expect(65, "expected class names", source + ["sst2"])
    _ = try folder.write("cr.jsonl", "{\"text\": 7, \"label_text\": \"a\"}\n")
    try expect(65, "expected texts in text", source + ["cr"])
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/out/imdb.jsonl"))
  }
}
