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

  @Argument(help: "The .glc file.")
  var model: String

  @Argument(help: "The text.")
  var text: String?

  @Option(help: ArgumentHelp("Labels, separated by commas: tokenize the whole prompt.", valueName: "a,b,c"))
  var labels: String?

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @Flag(help: "Read one JSON object per line (\"text\", optionally \"labels\") from standard input.")
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
        Console.print(json ? Self.json(model, ids).text() : Self.table(model, ids))
        return
      }
      var allGood = true
      var number = 0
      try LineStream().forEachBatch { lines in
        for line in lines where !line.isEmpty {
          number += 1
          do {
            let value = try JSONDocument(copying: line, path: "line \(number)").root
            let own = try (value.member("labels") ?? value.member("all_labels"))?.requireStrings()
            let ids = try Self.ids(model, try value.required("text").requireString(), own ?? labels)
            Console.print(Self.json(model, ids).text())
          } catch let error as any Diagnostic {
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

  private static func json(_ model: GLiClassModel, _ ids: [Int32]) -> JSON {
    .object([
      ("ids", .array(ids.map { .int(Int($0)) })),
      ("tokens", .array(ids.map { .string(model.tokenizer.token(for: $0) ?? "") })),
    ])
  }

  private static func table(_ model: GLiClassModel, _ ids: [Int32]) -> String {
    ids.map { id in
      let number = "\(id)"
      return String(repeating: " ", count: max(0, 7 - number.count)) + number + "  "
        + (model.tokenizer.token(for: id) ?? "")
    }.joined(separator: "\n")
  }
}
