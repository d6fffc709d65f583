import DataSets
import ModelCore
import Testing

@Suite final class TableExamplesTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func examples(
    _ text: String, name: String = "data.csv", format: DataSetOptions.Format? = nil,
    _ edit: (inout TableOptions) -> Void = { _ in }
  ) throws -> [DataExample] {
    var table = TableOptions()
    edit(&table)
    var reader = try ExampleReader(
      path: folder.write(name, text), options: DataSetOptions(format: format, table: table))
    var examples: [DataExample] = []
    while let example = try reader.next() { examples.append(example) }
    return examples
  }

  func error(_ text: String, _ edit: (inout TableOptions) -> Void = { _ in }) -> String? {
    do {
      _ = try examples(text, edit)
      return nil
    } catch {
      return (error as? DataSetError)?.message
    }
  }

  /// One label a row, the labels to choose from being those that occur, in the order they do.
  @Test func labelsThatOccur() throws {
    let examples = try examples("text,label\none,b\n\"two, and \"\"a half\"\"\",a\n,b\n")
    #expect(examples.map(\.text) == ["one", "two, and \"a half\"", ""])
    #expect(examples.map(\.labels) == [["b", "a"], ["b", "a"], ["b", "a"]])
    #expect(examples.map(\.trueLabels) == [["b"], ["a"], ["b"]])
    #expect(examples.map(\.line) == [2, 3, 4])
  }

  @Test func severalLabelsInAField() throws {
    let text = "id,text,true_labels,all_labels\n1,one,b | a,a|b|c\n2,two,,c|a\n"
    let examples = try examples(text)
    #expect(examples.map(\.labels) == [["a", "b", "c"], ["c", "a"]])
    #expect(examples.map(\.trueLabels) == [["a", "b"], []])
    // Without the column of candidates, those of a list; and another separator, of more than one character.
    let listed = try self.examples("text,labels\none,b||a\n") {
      $0.separator = "||"
      $0.labelList = ["c", "b", "a"]
    }
    #expect(listed.map(\.labels) == [["c", "b", "a"]])
    #expect(listed.map(\.trueLabels) == [["b", "a"]])
    let whole = try self.examples("text,label\none,b|a\n") { $0.separator = nil }
    #expect(whole.map(\.labels) == [["b|a"]])
  }

  /// What is right may stand in several columns, and the first of the usual names that there is decides.
  @Test func columns() throws {
    let two = try examples("text,first,second\none,a,b\ntwo,b,\n") {
      $0.trueLabels = [.name("first"), .name("second")]
    }
    #expect(two.map(\.trueLabels) == [["a", "b"], ["b"]])
    let usual = try examples("label,labels,text,true_labels\na,b,one,c\n")
    #expect(usual.map(\.trueLabels) == [["c"]])
    let named = try examples("sentence,intent\none,a\n") {
      $0.text = .name("sentence")
      $0.trueLabels = [.name("intent")]
    }
    #expect(named.map(\.text) == ["one"])
    // A column called labels that is the one to choose from is not the one that is right.
    let candidates = try examples("text,labels\none,a|b\n") { $0.labels = .name("labels") }
    #expect(candidates.map(\.labels) == [["a", "b"]])
    #expect(candidates.map(\.truths) == [nil])
  }

  /// Columns by number: the first line is a text already.
  @Test func numbers() throws {
    let examples = try examples("b,one\na,two\n") {
      $0.text = .number(2)
      $0.trueLabels = [.number(1)]
    }
    #expect(examples.map(\.text) == ["one", "two"])
    #expect(examples.map(\.labels) == [["b", "a"], ["b", "a"]])
    #expect(examples.map(\.line) == [1, 2])
    #expect(TableOptions.Column("2") == .number(2))
    #expect(TableOptions.Column("0") == .name("0"))
    #expect(TableOptions.Column("text 2") == .name("text 2"))
  }

  @Test func classIDs() throws {
    let examples = try examples("text,label\none,1\ntwo,0\nthree,1|2\n") { $0.labelNames = ["a", "b", "c"] }
    #expect(examples.map(\.labels) == [["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"]])
    #expect(examples.map(\.trueLabels) == [["b"], ["a"], ["b", "c"]])
    let message = error("text,label\none,1\ntwo,3\n") { $0.labelNames = ["a", "b", "c"] }
    #expect(message?.hasSuffix("data.csv: line 3: expected a class id from 0 to 2, found \"3\"") == true)
    for id in ["-1", "b", "1.0"] {
      #expect(error("text,label\none,\(id)\n") { $0.labelNames = ["a", "b"] }?.contains("class id") == true)
    }
  }

  @Test func tabs() throws {
    for (name, format) in [("data.tsv", nil), ("data.TAB", nil), ("data", DataSetOptions.Format.tsv)] {
      let examples = try examples("text\tlabel\none, two\ta\n\"a\ttab\"\tb\n", name: name, format: format)
      #expect(examples.map(\.text) == ["one, two", "a\ttab"])
    }
    #expect(DataSetOptions().format(of: "a/b.csv/c.txt") == .jsonl)
    #expect(DataSetOptions().format(of: "a.CSV") == .csv)
    #expect(DataSetOptions().format(of: "a.json") == .json)
    #expect(DataSetOptions(format: .jsonl).format(of: "a.csv") == .jsonl)
  }

  @Test func withoutTruth() throws {
    let examples = try examples("text\r\none\r\ntwo\r\n") { $0.labelList = ["a"] }
    #expect(examples.map(\.truths) == [nil, nil])
    #expect(error("text\none\n")?.contains("labels: expected a list, or a column true_labels, labels or label") == true)
  }

  /// The index says the same of a table as of the JSON that it stands for.
  @Test func index() throws {
    let table = try folder.write("same.csv", "\u{FEFF}text,true_labels,all_labels\r\n\"a\nb\",y,x|y\r\nc,,x|z\r\n")
    let json = try folder.write(
      "same.jsonl",
      #"{"text": "a\nb", "all_labels": ["x", "y"], "true_labels": ["y"]}"# + "\n"
        + #"{"text": "c", "all_labels": ["x", "z"], "true_labels": []}"# + "\n")
    let indices = try [DataIndex(path: table), DataIndex(path: json)]
    for index in indices {
      #expect(index.count == 2 && index.hasTruth && index.labelCount == 3)
      #expect(index.entries(text: "a\nb", labels: ["x", "y"]) == [0])
      #expect(index.truths(of: 0) == [false, true])
      #expect(index.truths(of: 1) == [false, false])
    }
    #expect(indices[0].line(of: 1) == 4)
  }

  static let refused: [(String, String)] = [
    ("text,label\none,a\ntwo\n", "line 3: expected 2 fields, as in the first row, found 1"),
    ("text,label\none,a\n\ntwo,a,b\n", "line 4: expected 2 fields, as in the first row, found 3"),
    ("sentence,label\none,a\n", "line 1: expected a column \"text\", found \"sentence\", \"label\""),
    ("text,label,text\none,a,two\n", "line 1: expected one column \"text\", found 2"),
    ("text,label\none,a||b\n", "line 2: expected labels with text, found none in \"a||b\""),
    ("text,label\none,a\ntwo,\"b\n", "line 3: expected a quote at the end of the field"),
    ("text,label,all_labels\none,a,b|c\n", "line 2: expected true labels among the labels to choose from, found \"a\""),
    ("text,all_labels\none,a|b|a\n", "line 2: expected every label once, found \"a\" as label 1 and label 3"),
    ("text,all_labels\none,\n", "line 2: expected labels to choose from, found none"),
    ("text,label\none,\n", "labels: expected at least one, found none"),
    ("", "expected at least one text, found none"), ("text,label\n", "expected at least one text, found none"),
  ]

  @Test(arguments: refused)
  func errors(_ text: String, _ message: String) {
    #expect(error(text)?.contains("data.csv: \(message)") == true, "\(error(text) ?? "no error")")
  }

  @Test func badOptions() {
    let text = "text,label\none,a\n"
    #expect(error(text) { $0.trueLabels = [.name("intent")] }?.contains("expected a column \"intent\"") == true)
    #expect(error(text) { $0.text = .number(3) }?.contains("expected 3 fields or more, found 2") == true)
    let mixed = "expected all columns by name, or all by number, found both"
    #expect(error(text) { $0.trueLabels = [.number(2)] }?.contains(mixed) == true)
    #expect(
      error(text) {
        $0.text = .number(1)
        $0.trueLabels = [.name("label")]
      }?.contains(mixed) == true)
    #expect(error(text) { $0.labelList = ["a", "b", "a"] }?.contains("labels: expected every label once") == true)
    #expect(error(text) { $0.labelNames = ["a", "a"] }?.contains("label names: expected every label once") == true)
    #expect(error(text) { $0.labelList = [] }?.contains("labels: expected at least one, found none") == true)
    #expect(error(text) { $0.labelList = ["a", " "] }?.contains("label 2") == true)
  }
}
