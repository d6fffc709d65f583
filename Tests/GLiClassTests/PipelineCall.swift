import GLiClass
import ModelCore

/// One recorded call: arguments as Python takes them, and what came out.
struct PipelineCall {
  let name: String
  let model: String
  let isChunking: Bool
  let isEmbeddings: Bool
  let inputs: [String]
  /// One a text.
  let outputs: [JSONValue]
  private let settings: JSONValue
  private let arguments: JSONValue

  init(_ line: String) throws {
    let root = try JSONDocument(line, path: "pipeline.jsonl").root
    name = try root.required("case").requireString()
    model = try root.required("model").requireString()
    isChunking = try root.required("pipeline").requireString() == "chunking"
    isEmbeddings = try root.required("method").requireString() == "get_embeddings"
    inputs = try root.required("inputs").requireStrings()
    outputs = try root.required("outputs").elements()
    settings = try root.required("settings")
    arguments = try root.required("arguments")
  }

  var promptFirst: Bool { settings.member("config")?.member("prompt_first")?.bool ?? true }
  var maximumLength: Int? { settings.member("max_length")?.int }
  var isNested: Bool { arguments.member("return_hierarchical")?.bool ?? false }
  /// The type of all texts.
  var type: ClassificationType { (try? type(of: 0)) ?? .multiLabel }

  /// One request a text.
  func requests() throws -> [ClassificationRequest] {
    let texts = try strings(arguments.required("texts"))
    return try texts.indices.map { index in
      ClassificationRequest(
        text: texts[index], labels: try labels(of: index),
        mode: try type(of: index).mode(threshold: try threshold(of: index)), taskPrompt: try prompt(of: index),
        examples: try examples(of: index), retrievedExamples: try retrieved(of: index, texts.count),
        options: ClassificationOptions(
          maximumLength: maximumLength, labelOverflow: .report, chunking: isEmbeddings ? nil : chunking,
          labelsPerPass: isEmbeddings || !isChunking ? nil : number("labels_chunk_size"),
          returnsEmbeddings: isEmbeddings))
    }
  }

  private var chunking: Chunking? {
    guard isChunking else { return nil }
    return .reference(size: number("text_chunk_size") ?? 8192, overlap: number("text_chunk_overlap") ?? 256)
  }

  private func number(_ key: String) -> Int? { (arguments.member(key) ?? settings.member(key))?.int }

  private func strings(_ value: JSONValue) throws -> [String] {
    if let one = value.string { return [one] }
    return try value.requireStrings()
  }

  /// One set for all texts, or one each.
  private func labels(of index: Int) throws -> LabelSet {
    let value = try arguments.required("labels")
    let isPerText = value.count.map { $0 > 0 && value.element(0).string == nil } ?? false
    let separator = settings.member("label_separator")?.string ?? "."
    return try LabelSet(json: (isPerText ? value.element(index) : value).json.text(), separator: separator)
  }

  private func type(of index: Int) throws -> ClassificationType {
    guard let value = arguments.member("classification_type") ?? settings.member("classification_type") else {
      return .multiLabel
    }
    let name = try value.count == nil ? value.requireString() : value.element(index).requireString()
    guard let type = ClassificationType(name: name) else { throw value.unexpected("a classification type") }
    return type
  }

  private func threshold(of index: Int) throws -> Float {
    guard let value = arguments.member("threshold") else { return 0.5 }
    return Float(try value.count == nil ? value.requireDouble() : value.element(index).requireDouble())
  }

  private func prompt(of index: Int) throws -> String {
    guard let value = arguments.member("prompt") else { return "" }
    return try value.count == nil ? value.requireString() : value.element(index).requireString()
  }

  private func examples(of index: Int) throws -> [FewShotExample] {
    guard let value = arguments.member("examples"), let count = value.count, count > 0 else { return [] }
    let isPerText = try value.elements().allSatisfy { !$0.isObject }
    if isPerText, index >= count || value.element(index).isNull { return [] }
    // An example may lack anything there.
    return try (isPerText ? value.element(index) : value).elements().map { example in
      let labels = example.member("labels") ?? example.member("true_labels")
      return FewShotExample(text: example.member("text")?.string ?? "", labels: try labels.map(strings) ?? [])
    }
  }

  private func retrieved(of index: Int, _ textCount: Int) throws -> [RetrievedExample] {
    guard let value = arguments.member("rac_examples"), let count = value.count, count > 0 else { return [] }
    let isPerText = value.element(0).count != nil
    return try (isPerText ? value.element(index) : value).elements().map { example in
      RetrievedExample(
        text: try example.required("text").requireString(),
        trueLabels: try example.member("true_labels").map(strings) ?? [],
        allLabels: try example.member("all_labels").map(strings) ?? [])
    }
  }
}
