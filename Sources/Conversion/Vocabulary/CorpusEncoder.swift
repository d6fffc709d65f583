import ModelCore
import Tokenization

/// What is tokenized for a corpus: texts and labels as they stand in prompts, between the markers, so that words begin where they do
/// there.
struct CorpusPrompt {
  private let label: [UInt8]
  private let separator: [UInt8]
  private let example: [UInt8]
  private let promptFirst: Bool

  /// - Parameter configuration: the rules and markers, whose ids are those of `tokenizer`.
  init(_ configuration: PromptConfiguration, _ tokenizer: CompiledTokenizer) {
    func text(_ id: Int) -> [UInt8] { tokenizer.token(for: Int32(clamping: id)).map { Array($0.utf8) } ?? [] }
    label = text(configuration.labelTokenID)
    separator = text(configuration.separatorTokenID)
    example = text(configuration.exampleTokenID)
    promptFirst = configuration.promptFirst
  }

  /// A text with its task and examples. Nothing is cut off, however long it is.
  func input(_ entry: CorpusEntry) -> [UInt8] {
    var input = promptFirst ? separator + entry.prompt + entry.text : entry.text + separator + entry.prompt
    for example in entry.examples {
      input += self.example
      input += "\(example.text) \nLabels:\n \(example.labels.joined(separator: ", "))".utf8
    }
    if !entry.examples.isEmpty { input += separator }
    return input
  }

  /// A label before another one, and before the separator.
  func input(label text: String) -> [UInt8] { label + text.utf8 + label + text.utf8 + separator }
}

/// A tokenizer with its working memory.
final class CorpusEncoder {
  private let tokenizer: CompiledTokenizer
  private var scratch = EncodingScratch()
  /// The ids of the last input, without the template.
  private(set) var ids: [Int32] = []

  init(_ tokenizer: CompiledTokenizer) { self.tokenizer = tokenizer }

  /// Fills ``ids``.
  /// - Parameters:
  ///   - path: where the input is from.
  ///   - line: its line there.
  func encode(_ input: [UInt8], path: String, line: Int) throws(VocabularyError) {
    ids.removeAll(keepingCapacity: true)
    let failure = input.withUnsafeBufferPointer { bytes -> TokenizationError? in
      do throws(TokenizationError) {
        try tokenizer.encode(utf8: bytes, addTemplate: false, scratch: &scratch, into: &ids)
        return nil
      } catch {
        return error
      }
    }
    guard let failure else { return }
    throw .malformedLine(path: path, line: line, expected: "a text that has tokens", found: failure.message)
  }
}
