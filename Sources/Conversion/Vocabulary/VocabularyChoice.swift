import Checkpoints
import GLCFormat
import ModelCore
import Tokenization
import TokenizerCompiler

/// The tokens that options call for: texts are tokenized, lists and scripts looked up.
struct VocabularyChoice {
  /// What is kept, complete.
  private(set) var selection: TokenSelection
  /// What is kept whatever the options say.
  let alwaysKept: Int
  /// What was read, in the order of the options.
  private(set) var files: [PruningReport.File] = []
  /// SHA-256 of every file.
  private(set) var digests: [String] = []
  /// The full names of the scripts; `nil` where none were named.
  private(set) var scripts: [String]?
  /// Texts that would change if they had not been read, and all of them.
  private(set) var unseen: (texts: Int, of: Int)?

  /// - Parameters:
  ///   - source: the tokenizer of the checkpoint.
  ///   - encoder: that tokenizer.
  ///   - prompt: what its prompts are made of.
  ///   - progress: called with the bytes of texts that have been read.
  init(
    _ options: VocabularyOptions, _ source: TokenizerSource, _ encoder: CorpusEncoder, _ prompt: CorpusPrompt,
    progress: (Int) -> Void
  ) throws(VocabularyError) {
    selection = TokenSelection(alwaysKeptOf: source)
    alwaysKept = selection.count
    try addScripts(options, source)
    var use = TokenUse(idCount: source.idCount)
    for label in options.labels {
      try encoder.encode(prompt.input(label: label), path: "label \"\(label)\"", line: 1)
      use.addLabel(encoder.ids)
    }
    for path in options.files {
      switch try VocabularyFileForm(path: path) {
      case .lines, .json: try addCorpus(path, encoder, prompt, &use, progress)
      case .pieces: try addPieces(path, source)
      case .model: try addModel(path, source)
      }
      digests.append(try Self.digest(path))
    }
    take(use, source)
  }

  private mutating func addScripts(
    _ options: VocabularyOptions, _ source: TokenizerSource
  ) throws(VocabularyError) {
    guard let scripts = try options.scriptSelection() else { return }
    self.scripts = scripts.names
    for id in 0..<source.pieces.count where source.isPiece(id, of: scripts) { selection.insert(id) }
  }

  private mutating func addCorpus(
    _ path: String, _ encoder: CorpusEncoder, _ prompt: CorpusPrompt, _ use: inout TokenUse, _ progress: (Int) -> Void
  ) throws(VocabularyError) {
    var corpus = try CorpusText(path, prompt)
    let start = use.texts
    while let next = try corpus.next() {
      try encoder.encode(next.input, path: path, line: next.line)
      if next.isLabel { use.addLabel(encoder.ids) } else { use.addText(encoder.ids) }
      if let bytes = corpus.newlyRead { progress(bytes) }
    }
    files.append(.init(path: path, texts: use.texts - start, labels: corpus.labelCount))
  }

  private mutating func addPieces(_ path: String, _ source: TokenizerSource) throws(VocabularyError) {
    var lines = try LineReader(path: path)
    var count = 0
    while let (line, bytes) = try lines.next() {
      let text = String(decoding: bytes, as: UTF8.self)
      // What SentencePiece writes beside a model has the score behind the piece.
      let piece = bytes.lastIndex(of: 0x09).map { String(decoding: bytes[..<$0], as: UTF8.self) }
      guard let id = source.tokenID(of: text) ?? piece.flatMap(source.tokenID) else {
        throw .unknownPiece(path: path, place: "line \(line)", piece: text)
      }
      selection.insert(id)
      count += 1
    }
    guard count > 0 else { throw .empty(path: path, expected: "pieces") }
    files.append(.init(path: path, pieces: count))
  }

  private mutating func addModel(_ path: String, _ source: TokenizerSource) throws(VocabularyError) {
    let tokenizer = try Self.tokenizer(of: path)
    var count = 0
    for id in 0..<Int32(clamping: tokenizer.summary.vocabularySize) {
      guard let piece = tokenizer.token(for: id), !piece.isEmpty else { continue }
      guard let own = source.tokenID(of: piece) else {
        throw .unknownPiece(path: path, place: "token \(id)", piece: piece)
      }
      selection.insert(own)
      count += 1
    }
    files.append(.init(path: path, pieces: count))
  }

  private static func tokenizer(of path: String) throws(VocabularyError) -> CompiledTokenizer {
    let file: GLCFile
    do throws(GLCFormatError) { file = try GLCFile(path: path) } catch { throw .model(error) }
    do throws(TokenizationError) {
      return try CompiledTokenizer(file.tokenizerBytes, owner: file, path: path)
    } catch {
      throw .tokenizer(error)
    }
  }

  /// Adds what texts and labels use, and finds out what would be without each text.
  private mutating func take(_ use: TokenUse, _ source: TokenizerSource) {
    if use.texts > 0 {
      var others = selection
      for id in use.shared { others.insert(id) }
      others.complete(for: source)
      unseen = (use.textsAlone(beside: others), use.texts)
    }
    for id in use.used { selection.insert(id) }
    selection.complete(for: source)
  }

  private static func digest(_ path: String) throws(VocabularyError) -> String {
    do throws(CheckpointError) {
      return SourceDigest.hexadecimal(try SourceDigest.file(path).sha256)
    } catch {
      // Only reading can fail.
      if case .core(let reason) = error { throw .file(reason) }
      throw .file(.readFailed(path: path, reason: error.message))
    }
  }
}

/// What is to be tokenized of a corpus, one after the other: every text, and every label once.
struct CorpusText {
  private let prompt: CorpusPrompt
  private var reader: CorpusReader
  private var seen: Set<ExactBytes> = []
  private var labels: [String] = []
  private var line = 0
  private var reported = 0

  init(_ path: String, _ prompt: CorpusPrompt) throws(VocabularyError) {
    self.prompt = prompt
    reader = try CorpusReader(path: path)
  }

  /// Different labels so far.
  var labelCount: Int { seen.count }

  /// The next input; `nil` behind the last.
  mutating func next() throws(VocabularyError) -> (input: [UInt8], line: Int, isLabel: Bool)? {
    if let label = labels.popLast() { return (prompt.input(label: label), line, true) }
    guard let entry = try reader.next() else { return nil }
    line = entry.line
    labels = entry.labels.filter { seen.insert(ExactBytes($0)).inserted }
    return (prompt.input(entry), line, false)
  }

  /// Bytes of the file that were read since this was asked last, if they are worth telling.
  var newlyRead: Int? {
    mutating get {
      let bytes = reader.offset - reported
      guard bytes >= 1 << 20 || reader.offset == reader.size && bytes > 0 else { return nil }
      reported = reader.offset
      return bytes
    }
  }
}
