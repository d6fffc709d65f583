import ArgumentParser
import CommandSupport
import GLiClass
import ModelCore
import Tokenization

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the exact token ids of a text, with or without the label prompt.",
    discussion: """
      EXAMPLES
        gliclass tokenize model.glc "One day I will see the world!"
        gliclass tokenize model.glc --labels travel,sport --json "One day I will see the world!"
      """)

  @Argument(help: "The .glc file.", completion: .file(extensions: ["glc"]))
  var model: String

  @Argument(help: "The text.")
  var text: String?

  @Option(help: ArgumentHelp("Labels, separated by commas: tokenize the whole prompt.", valueName: "a,b,c"))
  var labels: String?

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @Flag(help: "Read one JSON object per line from standard input, as classify does.")
  var jsonl = false

  func validate() throws {
    guard (text == nil) == jsonl else { throw ValidationError("Give either a text or --jsonl.") }
  }

  func run() throws {
    try reporting {
      let model = try GLiClassModel(path: model)
      let labels = labels.map(ClassifyCommand.labels)
      guard jsonl else {
        let ids = try Self.ids(model, text ?? "", labels)
        let result = json ? Self.json(model, ids) : Self.table(model, ids)
        try model.file.file.checkIntact()
        Console.print(result)
        return
      }
      var allGood = true
      var number = 0
      var scratch = EncodingScratch()
      let stream = LineStream()
      while let lines = try stream.next() {
        for line in lines {
          number += 1
          if line.isBlank { continue }
          do {
            let ids = try Self.ids(model, try RequestLine(line, number: number), labels, &scratch)
            let text = Self.json(model, ids)
            try model.file.file.checkIntact()
            Console.print(text)
          } catch let error as any Diagnostic {
            // What was read of a model that became shorter says nothing about the line.
            try model.file.file.checkIntact()
            allGood = false
            Console.print(JSON.object([("error", .string(error.message)), ("line", .int(number))]).text())
          }
        }
      }
      if !allGood { throw ExitCode(ExitStatus.badData.rawValue) }
    }
  }

  private static func ids(_ model: GLiClassModel, _ text: String, _ labels: [String]?) throws -> [Int32] {
    guard let labels else { return try model.tokenizer.encode(text) }
    return try model.prompts.prompt(text: text, labels: labels).ids
  }

  private static func ids(
    _ model: GLiClassModel, _ line: RequestLine, _ labels: [String]?, _ scratch: inout EncodingScratch
  ) throws -> [Int32] {
    guard line.labels == nil, labels == nil, line.prompt ?? "" == "", line.examples ?? [] == [],
      line.retrievedExamples ?? [] == []
    else {
      let request = try line.request(RequestDefaults(labels: labels.map { LabelSet($0) }))
      return try model.prompts.prompt(
        text: RetrievedExample.augment(request.text, with: request.retrievedExamples), labels: request.labels.names,
        taskPrompt: request.taskPrompt, examples: request.examples, scratch: &scratch
      ).ids
    }
    return try model.tokenizer.encode(line.text)
  }

  /// `{"ids": […], "tokens": […]}`, written as it is read: a text may have millions of tokens.
  private static func json(_ model: GLiClassModel, _ ids: [Int32]) -> String {
    var text = "{ \"ids\": ["
    for (index, id) in ids.enumerated() { text += index == 0 ? " \(id)" : ", \(id)" }
    text += " ], \"tokens\": ["
    for (index, id) in ids.enumerated() {
      text += index == 0 ? " " : ", "
      text += JSON.string(model.tokenizer.token(for: id) ?? "").text()
    }
    return text + " ] }"
  }

  private static func table(_ model: GLiClassModel, _ ids: [Int32]) -> String {
    ids.map { id in
      let number = "\(id)"
      return String(repeating: " ", count: max(0, 7 - number.count)) + number + "  "
        + (model.tokenizer.token(for: id) ?? "")
    }.joined(separator: "\n")
  }
}
