import ModelCore

/// A text of a corpus, and what a prompt has with it.
struct CorpusEntry {
  /// Its line in the file (of an array its position), from 1.
  var line: Int
  var text: [UInt8]
  /// The description of the task.
  var prompt: [UInt8] = []
  var examples: [(text: String, labels: [String])] = []
  var labels: [String] = []
}

/// Reads a corpus one text after the other, without holding those before.
struct CorpusReader {
  private var lines: LineReader?
  private var json: JSONLineReader?
  private let path: String
  private var isEmpty = true

  init(path: String) throws(VocabularyError) {
    self.path = path
    if try VocabularyFileForm(corpus: path) == .json {
      json = JSONLineReader(try readingFile { () throws(ModelCoreError) in try MappedFile(path: path) })
    } else {
      lines = try LineReader(path: path)
    }
  }

  /// Bytes of the file that have been looked at.
  var offset: Int { json?.offset ?? lines?.offset ?? 0 }
  /// Bytes of the file.
  var size: Int { json?.file.size ?? lines?.file.size ?? 0 }

  /// The next text; `nil` behind the last.
  /// - Throws: ``VocabularyError``, naming the line; also where there is no text at all.
  mutating func next() throws(VocabularyError) -> CorpusEntry? {
    let entry = json == nil ? try nextLine() : try nextValue()
    if entry == nil, isEmpty { throw .empty(path: path, expected: "texts") }
    isEmpty = false
    return entry
  }

  private mutating func nextLine() throws(VocabularyError) -> CorpusEntry? {
    try lines?.next().map { CorpusEntry(line: $0.line, text: $0.bytes) }
  }

  private mutating func nextValue() throws(VocabularyError) -> CorpusEntry? {
    do throws(ModelCoreError) {
      guard let (line, value) = try json?.next() else { return nil }
      return try CorpusEntry(value, line: line, path: path)
    } catch {
      throw .file(error)
    }
  }
}

extension CorpusEntry {
  /// An object with `text`, and where it has them `prompt`, `examples` and the labels in `labels`, `all_labels` and `true_labels`; or a
  /// string alone. Other members are left alone.
  fileprivate init(_ value: JSONValue, line: Int, path: String) throws(ModelCoreError) {
    if let text = value.string {
      self.init(line: line, text: Array(text.utf8))
      return
    }
    do throws(ModelCoreError) {
      self.init(line: line, text: Array(try value.required("text").requireString().utf8))
      if let prompt = value.given("prompt") { self.prompt = Array(try prompt.requireString().utf8) }
      for key in ["labels", "all_labels", "true_labels"] {
        if let list = value.given(key) { labels += try list.labels() }
      }
      for example in try value.given("examples")?.elements() ?? [] {
        let own = example.given("labels") ?? example.given("true_labels")
        examples.append((try example.required("text").requireString(), try own?.labels() ?? []))
      }
    } catch {
      throw error.at(line: line, of: path)
    }
  }
}

extension JSONValue {
  /// The member `key` that is not null.
  fileprivate func given(_ key: String) -> JSONValue? { member(key).flatMap { $0.isNull ? nil : $0 } }

  /// Labels: a string, a list of strings, or an object of such, whose keys go before the labels with a dot between them, as
  /// the pipeline makes labels of a hierarchy.
  fileprivate func labels(after prefix: String = "") throws(ModelCoreError) -> [String] {
    if let label = string { return [prefix + label] }
    var labels: [String] = []
    if isObject {
      for key in keys { labels += try required(key).labels(after: "\(prefix)\(key).") }
    } else {
      guard count != nil else { throw unexpected("a list of strings, or an object of such lists") }
      for element in try elements() { labels.append(prefix + (try element.requireString())) }
    }
    return labels
  }
}

extension ModelCoreError {
  /// Of a value of an array, whose document is the whole file, with its position.
  fileprivate func at(line: Int, of path: String) -> ModelCoreError {
    guard case .unexpectedJSON(path, let field, let expected, let found) = self else { return self }
    return .unexpectedJSON(path: "\(path): line \(line)", field: field, expected: expected, found: found)
  }
}
