/// What a smaller vocabulary keeps, and what becomes of texts.
public struct PruningReport: Sendable, Equatable {
  /// A file that says what to keep.
  public struct File: Sendable, Equatable {
    /// As it was given.
    public var path: String
    /// Texts in it, whose tokens are kept.
    public var texts = 0
    /// Different labels in it.
    public var labels = 0
    /// Pieces that it lists.
    public var pieces = 0
  }

  /// What becomes of the texts of a corpus.
  public struct Change: Sendable, Equatable {
    /// The corpus, as it was given.
    public var path: String
    /// Texts in it.
    public var texts = 0
    /// Those of them with other tokens than before.
    public var changedTexts = 0
    /// Different labels in it.
    public var labels = 0
    /// Those of them with other tokens than before.
    public var changedLabels = 0
  }

  /// Tokens, pieces and added ones, that are kept, and that there were.
  public var tokens: (kept: Int, of: Int) { (keptTokens, allTokens) }
  /// Rows of the embedding table that are kept, and that there were.
  public var rows: (kept: Int, of: Int) { (keptRows, allRows) }
  var keptTokens: Int
  var allTokens: Int
  var keptRows: Int
  var allRows: Int
  /// Tokens that are kept whatever is asked for.
  public var alwaysKept: Int
  /// The full names of the scripts whose pieces are kept.
  public var scripts: [String]
  /// What was read, in the order of the options.
  public var files: [File]
  /// What becomes of each corpus: those whose tokens are kept, and those that are only counted.
  public var changes: [Change]
  /// The part of the texts read that would have other tokens if that one text had not been there: what is to be expected of new texts
  /// of their kind. `nil` where no texts were read.
  public var expectedChange: Double?
  /// Bytes of the compiled tokenizer, and of that of all tokens.
  public var tokenizerSize: (pruned: Int, full: Int) { (prunedTokenizerSize, fullTokenizerSize) }
  var prunedTokenizerSize: Int
  var fullTokenizerSize: Int
  /// Bytes that the embedding table in the file takes less, scales and all.
  public internal(set) var savedTableBytes = 0
}
