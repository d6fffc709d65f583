import Checkpoints
import GLiClass
import ModelCore
import Tokenization
import Verification

/// Where a search's reference outputs come from.
enum SearchReference {
  /// A file of the Python package's outputs.
  case file(ReferenceFile)
  /// Computed from the checkpoint as they are asked for.
  case checkpoint(CheckpointOutputs)

  var header: ReferenceHeader {
    switch self {
    case .file(let file): file.header
    case .checkpoint(let outputs): outputs.header
    }
  }

  private var kind: ReferenceSummary.Kind {
    switch self {
    case .file: .file
    case .checkpoint: .checkpoint
    }
  }

  /// What it is, for reports.
  var summary: ReferenceSummary {
    ReferenceSummary(kind: kind, path: path, producer: header.producer, versions: header.versions)
  }

  private var path: String {
    switch self {
    case .file(let file): file.path
    case .checkpoint(let outputs): outputs.checkpoint.files.folder
    }
  }

  /// Throws where the reference says of itself that it is of another checkpoint, tokenizer or form of input than `model`.
  func check(_ model: GLiClassModel) throws(RecipeSearchError) {
    for check in IdentityChecks(header, model, allowed: []).checks where !check.passes {
      throw .otherReference(path: path, field: check.field.rawValue, expected: check.expected, found: check.found)
    }
  }

  /// Fills in what the reference says of the texts of `part`.
  /// - Parameters:
  ///   - hasOwnTokens: whether the model's tokens may differ from the reference's, as those of a smaller vocabulary do.
  ///   - progress: called with the part that is done; throws to stop.
  func fill(
    _ part: inout TextPart, hasOwnTokens: Bool, progress: (Double) throws(RecipeSearchError) -> Void
  ) throws(RecipeSearchError) {
    switch self {
    case .file(let file): part.referenceLogits = try Self.read(file, part, hasOwnTokens: hasOwnTokens)
    case .checkpoint(let outputs):
      part.referenceLogits = []
      // Few at a time, so that the bar moves and a signal is noticed.
      for first in stride(from: 0, to: part.examples.count, by: 8) {
        try progress(Double(first) / Double(part.examples.count))
        let window = Array(part.examples[first..<min(first + 8, part.examples.count)])
        let path = part.path
        part.referenceLogits += try lifting { () throws(VerificationError) in
          try outputs.outputs(window, path).map(\.logits)
        }
      }
    }
  }

  /// Outputs of a file, joined to texts by text and labels. The file may have more texts.
  private static func read(
    _ file: ReferenceFile, _ part: TextPart, hasOwnTokens: Bool
  ) throws(RecipeSearchError) -> [[Float]] {
    var wanted: [Key: [Int]] = [:]
    for index in part.examples.indices.reversed() {
      wanted[Key(part.examples[index].text, part.examples[index].labels), default: []].append(index)
    }
    var found = [[Float]?](repeating: nil, count: part.examples.count)
    var file = file
    while true {
      let outputs = try lifting { () throws(VerificationError) in try file.next(256) }
      guard !outputs.isEmpty else { break }
      for output in outputs {
        let key = Key(output.text, output.labels)
        guard let index = wanted[key]?.popLast() else { continue }
        guard hasOwnTokens || output.inputIDs == part.prompts[index].ids else {
          throw .otherReference(
            path: file.path, field: "line \(output.line): input_ids", expected: "the tokens of the model",
            found: "others")
        }
        found[index] = output.logits
      }
    }
    var logits: [[Float]] = []
    for (index, own) in found.enumerated() {
      guard let own else {
        let example = part.examples[index]
        throw .underlying(
          VerificationError.noPartner(path: part.path, line: example.line, text: example.text, other: file.path))
      }
      logits.append(own)
    }
    return logits
  }

  private struct Key: Hashable {
    private let text: ExactBytes
    private let labels: [ExactBytes]

    init(_ text: String, _ labels: [String]) {
      self.text = ExactBytes(text)
      self.labels = labels.map(ExactBytes.init)
    }
  }
}
