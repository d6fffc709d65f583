import ModelCore

/// A tokenizer as it lies in a model file: opened without parsing, run from the mapped bytes.
///
/// Gives the ids that Hugging Face's `tokenizers` (in the version the section names) gives for the same
/// `tokenizer.json`. Immutable and safe to share between threads; every thread encodes with an ``EncodingScratch`` of its own.
///
/// ```swift
/// let tokenizer = try CompiledTokenizer(section, owner: file, path: file.path)
/// let ids = try tokenizer.encode("a text")
/// ```
///
/// The format is specified in `formats/tokenizer.md`.
public final class CompiledTokenizer: Sendable {
  /// The file that the section is from, for error messages.
  public let path: String
  /// What the header says.
  public let summary: TokenizerSummary

  // SAFETY: the bytes live as long as `owner`, and nobody writes to them.
  private let owner: any Sendable
  private let pieceTexts: TextTable
  let pieceTrie: DoubleArray
  let normalizer: NormalizerProgram
  let preTokenizer: PreTokenizer
  let model: Model
  let properties: ScalarProperties
  let addedTokens: AddedTokenTable
  let templateBefore: [Int32]
  let templateAfter: [Int32]

  /// Opens the section `bytes`: a check of the header and of the extents of all parts, in constant time.
  /// - Parameters:
  ///   - bytes: the section, beginning at an address that is a multiple of 8.
  ///   - owner: whatever keeps `bytes` alive and unchanged; held as long as the tokenizer lives.
  ///   - path: the file's name, for error messages.
  /// - Throws: ``TokenizationError/notATokenizer(path:found:)``,
  ///   ``TokenizationError/unsupportedVersion(path:found:supported:)``,
  ///   ``TokenizationError/malformed(path:field:expected:found:)``,
  ///   ``TokenizationError/unsupported(path:field:found:supported:)``.
  public init(_ bytes: UnsafeRawBufferPointer, owner: any Sendable, path: String) throws(TokenizationError) {
    let header = try SectionHeader(bytes, path: path)
    self.path = path
    self.owner = owner
    summary = header.summary
    pieceTexts = TextTable(offsets: header.part(.pieceTextOffsets), text: header.part(.pieceText))
    pieceTrie = DoubleArray(header.part(.pieceTrie))
    properties = ScalarProperties(header)
    let patterns = try PatternTable(header.part(.patterns), properties: properties, path: path)
    normalizer = try NormalizerProgram(header, properties: properties, patterns: patterns)
    preTokenizer = try PreTokenizer(header, patterns: patterns)
    model = Model(header)
    addedTokens = AddedTokenTable(header)
    (templateBefore, templateAfter) = try header.template()
  }

  /// Opens a section that lies in an array: copies it.
  /// - Throws: as ``init(_:owner:path:)``.
  public convenience init(copying section: [UInt8], path: String) throws(TokenizationError) {
    let storage = SectionStorage(section)
    try self.init(storage.bytes, owner: storage, path: path)
  }

  /// The text of the token `id` (of an added token its content), or `nil` where the vocabulary has none.
  public func token(for id: Int32) -> String? {
    guard id >= 0, Int(id) < summary.vocabularySize else { return nil }
    if let record = addedTokens.record(forID: UInt32(id)), let content = addedTokens.content(of: record) {
      return String(decoding: content, as: UTF8.self)
    }
    guard let text = pieceTexts[Int(id)], !text.isEmpty || summary.model == .unigram else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  /// The id of the token whose text is exactly `token`, or `nil`.
  public func id(of token: String) -> Int32? {
    var token = token
    return token.withUTF8 { text in
      if let record = addedTokens.record(withContent: text), Int(record.id) < summary.vocabularySize {
        return Int32(record.id)
      }
      guard let id = pieceTrie.value(forKey: text), Int(id) < summary.pieceCount else { return nil }
      return Int32(id)
    }
  }

  /// The content of the added token `id`, or `nil` where there is none.
  func addedTokenContent(of id: Int32) -> String? {
    guard id >= 0, let record = addedTokens.record(forID: UInt32(id)) else { return nil }
    return addedTokens.content(of: record).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The tokens that the template puts around a text: `[CLS]` before and `[SEP]` after it.
  public var template: (before: [Int32], after: [Int32]) { (templateBefore, templateAfter) }

  func corrupt(_ part: SectionLayout.Part, index: Int, limit: Int) -> TokenizationError {
    .corrupt(path: path, part: "\(part)", index: index, limit: limit)
  }
}

/// How the words of a tokenizer become ids.
enum Model: Sendable {
  case unigram(UnigramModel)
  case bytePairs(BytePairModel)

  init(_ header: SectionHeader) {
    switch (header.summary.model, header.summary.unknownID) {
    case (.unigram, let unknownID?):
      self = .unigram(UnigramModel(header, unknownID: UInt32(bitPattern: unknownID)))
    default: self = .bytePairs(BytePairModel(header))
    }
  }

  /// Appends the ids of `word`.
  @inline(__always) func appendIDs(
    of word: UnsafeBufferPointer<UInt8>, _ scratch: inout ModelScratch, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    switch self {
    case .unigram(let model): try model.appendIDs(of: word, &scratch.path, &ids)
    case .bytePairs(let model): try model.appendIDs(of: word, &scratch.bytePairs, &ids)
    }
  }
}

/// A copy of a section at an address that its parts may be read at.
private final class SectionStorage: Sendable {
  // SAFETY: written once in init, freed in deinit only.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  init(_ section: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(section.count, 1), alignment: SectionLayout.alignment)
    copy.copyBytes(from: section)
    bytes = UnsafeRawBufferPointer(rebasing: copy[..<section.count])
  }

  deinit { bytes.deallocate() }
}

/// What the header of a compiled tokenizer says.
public struct TokenizerSummary: Sendable, Equatable {
  /// Format version of the section.
  public let version: String
  /// Whose behaviour is meant.
  public let profile: TokenizerProfile
  /// The version of the `tokenizers` library whose behaviour is meant.
  public let libraryVersion: String
  /// The Unicode version of grapheme clusters.
  public let unicodeVersion: String
  /// The Unicode version of normalization forms; `0.0.0` where the section has none.
  public let normalizationVersion: String
  /// The Unicode version of letters and numbers in patterns; `0.0.0` where the section has none.
  public let propertyVersion: String
  /// The model that makes ids of words.
  public let model: TokenizerModelKind
  /// Whether unknown text is given by its bytes.
  public let hasByteFallback: Bool
  /// Bytes of the section.
  public let byteCount: Int
  /// Number of pieces of the model.
  public let pieceCount: Int
  /// The largest id + 1, over pieces and added tokens.
  public let vocabularySize: Int
  /// Number of added tokens.
  public let addedTokenCount: Int
  /// The id of what is not in the vocabulary; a byte-level model may have none.
  public let unknownID: Int32?
  /// The id of padding, where there is one.
  public let paddingID: Int32?
  /// The id of `<<LABEL>>`, where the compiler knew it.
  public let labelTokenID: Int32?
  /// The id of `<<SEP>>`, where the compiler knew it.
  public let separatorTokenID: Int32?
  /// The id of `<<EXAMPLE>>`, where the compiler knew it.
  public let exampleTokenID: Int32?
  /// `model_max_length` of the source, where there was a sensible one. For information: nothing is truncated by it.
  public let maximumLength: Int?
}
