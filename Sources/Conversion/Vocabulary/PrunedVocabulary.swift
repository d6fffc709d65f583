import GLCFormat
import ModelCore
import Tokenization
import TokenizerCompiler

/// A smaller vocabulary: the folder's main path. The tokens are chosen, the tokenizer is compiled with these alone, and all texts are
/// tokenized by both.
struct PrunedVocabulary {
  /// The compiled tokenizer.
  let section: CompiledTokenizerSection
  /// The row of the checkpoint's table that every row is.
  let map: VocabularyMap
  /// The checkpoint's configuration with the ids and the number of rows that are left.
  let configuration: ModelConfiguration
  private let report: PruningReport
  private let digests: [String]
  private let inherited: JSONValue?

  /// - Parameters:
  ///   - options: not empty.
  ///   - source: the tokenizer of the checkpoint.
  ///   - configuration: that of the checkpoint.
  ///   - progress: called with the part of the work that is done, 0 to 1.
  /// - Throws: ``ConversionError/vocabulary(_:)``, ``ConversionError/tokenizer(_:)``.
  init(
    _ options: VocabularyOptions, _ source: TokenizerSource, _ configuration: ModelConfiguration,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws(ConversionError) {
    precondition(!options.isEmpty, "nothing says what to keep")
    let full = try lifting(ConversionError.tokenizer) { () throws(TokenizerCompilerError) in
      try TokenizerCompiler.tokenizer(source, markers: .init(configuration.prompt))
    }
    let prompt = CorpusPrompt(configuration.prompt, full)
    let encoder = CorpusEncoder(full)
    let work = try VocabularyWork(options, progress)
    let choice = try lifting(ConversionError.vocabulary) { () throws(VocabularyError) in
      try VocabularyChoice(options, source, encoder, prompt, progress: work.add)
    }
    let kept = choice.selection.ids(beside: configuration)
    map = VocabularyMap(kept.filter { $0 < configuration.encoder.vocabularySize }.map(UInt32.init))
    let pruned = map.applied(to: configuration)
    section = try lifting(ConversionError.tokenizer) { () throws(TokenizerCompilerError) in
      try TokenizerCompiler.compile(source.selecting(kept), markers: .init(pruned.prompt))
    }
    self.configuration = pruned
    let changes = try Self.changes(options, section, kept, encoder, prompt, work)
    digests = choice.digests
    inherited = try Self.inherited(options)
    report = PruningReport(
      keptTokens: choice.selection.count, allTokens: source.tokenCount, keptRows: map.count,
      allRows: configuration.encoder.vocabularySize, alwaysKept: choice.alwaysKept, scripts: choice.scripts ?? [],
      files: choice.files, changes: changes,
      expectedChange: choice.unseen.map { Double($0.texts) / Double($0.of) }, prunedTokenizerSize: section.bytes.count,
      fullTokenizerSize: full.summary.byteCount)
  }

  private static func changes(
    _ options: VocabularyOptions, _ section: CompiledTokenizerSection, _ kept: [Int], _ encoder: CorpusEncoder,
    _ prompt: CorpusPrompt, _ work: VocabularyWork
  ) throws(ConversionError) -> [PruningReport.Change] {
    let tokenizer = try lifting({ ConversionError.vocabulary(.tokenizer($0)) }) { () throws(TokenizationError) in
      try CompiledTokenizer(copying: section.bytes, path: "the smaller vocabulary")
    }
    return try lifting(ConversionError.vocabulary) { () throws(VocabularyError) in
      let comparison = VocabularyComparison(encoder, CorpusEncoder(tokenizer), kept: kept)
      var changes: [PruningReport.Change] = []
      for path in try options.corpora() {
        changes.append(try comparison.changes(of: path, prompt, progress: work.add))
      }
      return changes
    }
  }

  /// What the file keeps of ``map``: nothing where no row was left out.
  var storedMap: VocabularyMap? { report.rows.kept < report.rows.of ? map : nil }

  /// What was kept, in a file with these tensors.
  func report(_ records: [TensorRecord]) -> PruningReport {
    var report = report
    if let table = records.first(where: { $0.name == TensorRow.tokenTable }) {
      let rowBytes = Double(table.extent.count) / Double(report.rows.kept)
      report.savedTableBytes = Int(rowBytes * Double(report.rows.of - report.rows.kept))
    }
    return report
  }

  /// `recipe.vocabulary` of the metadata (formats/glc.md).
  var metadata: JSON {
    let strings = { (list: [String]) -> JSON in list.isEmpty ? .null : .array(list.map { .string($0) }) }
    return .object([
      ("kept", .int(report.keptTokens)), ("of", .int(report.allTokens)), ("rows_of", .int(report.allRows)),
      ("scripts", inherited?.member("scripts")?.json ?? strings(report.scripts)),
      ("corpus_sha256", inherited?.member("corpus_sha256")?.json ?? strings(digests)),
    ])
  }

  /// What another `.glc` says of its vocabulary, where nothing but its pieces is kept: then this one says the same, and a conversion can
  /// be repeated to the byte.
  private static func inherited(_ options: VocabularyOptions) throws(ConversionError) -> JSONValue? {
    try lifting(ConversionError.vocabulary) { () throws(VocabularyError) in
      guard let path = options.files.first, options.files.count == 1, options.scripts.isEmpty, options.labels.isEmpty,
        try VocabularyFileForm(path: path) == .model
      else { return nil }
      do throws(GLCFormatError) {
        let vocabulary = try GLCFile(path: path).metadata.root.member("recipe")?.member("vocabulary")
        return vocabulary?.isObject == true ? vocabulary : nil
      } catch {
        throw .model(error)
      }
    }
  }
}

extension VocabularyOptions {
  /// The files of texts, those that are only measured last, each once.
  func corpora() throws(VocabularyError) -> [String] {
    var corpora: [String] = []
    for path in files + measured where try VocabularyFileForm(path: path).isCorpus && !corpora.contains(path) {
      corpora.append(path)
    }
    return corpora
  }
}

extension TokenizerCompiler.MarkerIDs {
  /// Those of a configuration.
  init(_ prompt: PromptConfiguration) {
    self.init(label: prompt.labelTokenID, separator: prompt.separatorTokenID, example: prompt.exampleTokenID)
  }
}

extension TokenSelection {
  /// What is kept, ascending, with the rows that the configuration names although no token is there: an example marker.
  fileprivate func ids(beside configuration: ModelConfiguration) -> [Int] {
    let example = configuration.prompt.exampleTokenID
    guard !contains(example), example < configuration.encoder.vocabularySize else { return ids }
    return (ids + [example]).sorted()
  }
}

/// How much of the texts has been read, every one of them as often as is needed.
private final class VocabularyWork {
  private let total: Int
  private let progress: (Double) -> Void
  private var done = 0

  init(_ options: VocabularyOptions, _ progress: @escaping (Double) -> Void) throws(ConversionError) {
    total = try lifting(ConversionError.vocabulary) { () throws(VocabularyError) in
      var total = 0
      for path in try options.corpora() {
        let size = try readingFile { () throws(ModelCoreError) in try MappedFile(path: path).size }
        total += options.files.contains(path) ? 2 * size : size
      }
      return total
    }
    self.progress = progress
  }

  func add(_ bytes: Int) {
    done += bytes
    progress(min(1, Double(done) / Double(max(total, 1))))
  }
}
