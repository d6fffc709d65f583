import Checkpoints
import ModelCore
import Tokenization

/// The token ids of calibration texts, as prompts have them.
struct CalibrationInputs {
  /// Ids of the checkpoint, one list a text.
  private(set) var ids: [[Int32]] = []
  /// The texts of these.
  private(set) var texts: [String] = []
  /// Texts that were read; those that had been read before; those with no token of their own; those that were cut.
  private(set) var counts = CalibrationTexts()

  /// Reads up to `limit` different texts of a file (a text a line, or JSON with labels where it has them).
  init(path: String, limit: Int, _ source: ConversionSource) throws(ConversionError) {
    let tokenizer = try lifting({ ConversionError.vocabulary(.tokenizer($0)) }) { () throws(TokenizationError) in
      try CompiledTokenizer(copying: source.tokenizer.bytes, path: path)
    }
    let prompts = try Prompts(source.configuration, tokenizer)
    var seen: Set<[Int32]> = []
    var reader = try lifting(ConversionError.vocabulary) { () throws(VocabularyError) in try CorpusReader(path: path) }
    while ids.count < limit,
      let entry = try lifting(ConversionError.vocabulary, { () throws(VocabularyError) in try reader.next() })
    {
      counts.read += 1
      let found = try lifting(ConversionError.vocabulary) { () throws(VocabularyError) in
        try prompts.ids(entry, path: path)
      }
      let own = found.prefix(Self.maximumTokens).map { source.vocabulary?.map.original(of: $0) ?? $0 }
      if entry.text.isEmpty { counts.empty += 1 }
      if own.count < found.count { counts.cut += 1 }
      if entry.labels.isEmpty { counts.withoutLabels += 1 }
      if seen.insert(own).inserted {
        ids.append(own)
        texts.append(String(decoding: entry.text, as: UTF8.self))
      } else {
        counts.repeated += 1
      }
    }
  }

  /// Tokens of a text that are looked at: attention takes memory in proportion to their square.
  private static let maximumTokens = 512
}

/// What was read for a calibration.
public struct CalibrationTexts: Sendable, Equatable {
  /// Texts that were read.
  public var read = 0
  /// Those of them that had been read before with the same labels; they count once.
  public var repeated = 0
  /// Texts of no character: their prompts count all the same.
  public var empty = 0
  /// Texts of which only the beginning was looked at.
  public var cut = 0
  /// Texts without labels, whose prompts have none.
  public var withoutLabels = 0
}

/// Makes prompts, with labels or without.
private struct Prompts {
  private let builder: PromptBuilder
  private let corpus: CorpusPrompt
  private let tokenizer: CompiledTokenizer

  init(_ configuration: ModelConfiguration, _ tokenizer: CompiledTokenizer) throws(ConversionError) {
    self.tokenizer = tokenizer
    corpus = CorpusPrompt(configuration.prompt, tokenizer)
    let prompt = configuration.prompt
    let example = Int32(exactly: prompt.exampleTokenID)
    let rules = PromptRules(
      labelTokenID: Int32(clamping: prompt.labelTokenID), separatorTokenID: Int32(clamping: prompt.separatorTokenID),
      exampleTokenID: example, promptFirst: prompt.promptFirst, maximumLength: prompt.maximumLength,
      labelOverflow: .report)
    builder = try lifting({ ConversionError.vocabulary(.tokenizer($0)) }) { () throws(TokenizationError) in
      try PromptBuilder(tokenizer: tokenizer, rules: rules)
    }
  }

  func ids(_ entry: CorpusEntry, path: String) throws(VocabularyError) -> [Int32] {
    var seen: Set<ExactBytes> = []
    let labels = entry.labels.filter { seen.insert(ExactBytes($0)).inserted }
    do throws(TokenizationError) {
      var scratch = EncodingScratch()
      guard !labels.isEmpty else {
        let ids = try tokenizer.encode(String(decoding: corpus.input(entry), as: UTF8.self))
        return Array(ids.prefix(builder.rules.maximumLength))
      }
      return try builder.prompt(
        text: String(decoding: entry.text, as: UTF8.self), labels: labels,
        taskPrompt: String(decoding: entry.prompt, as: UTF8.self),
        examples: entry.examples.map { PromptExample(text: $0.text, labels: $0.labels) }, scratch: &scratch
      ).ids
    } catch {
      throw .malformedLine(path: path, line: entry.line, expected: "a text that makes a prompt", found: error.message)
    }
  }
}
