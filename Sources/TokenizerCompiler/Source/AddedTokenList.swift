import ModelCore
import Tokenization

/// Added tokens, numbered as `Tokenizer.add_tokens` of the library does it (`added_vocabulary.rs`): a token has the id of the
/// piece with its text, or the next one behind all pieces and added tokens. Nobody asks for an id.
struct AddedTokenList {
  typealias AddedToken = TokenizerSource.AddedToken

  private(set) var tokens: [AddedToken]
  private let source: TokenizerSource
  private var positions: [ExactBytes: Int] = [:]
  private var nextID: Int
  /// Everything that a token has been in a call of ``beginCall()``.
  private var seen: [ExactBytes: [AddedToken]]?

  /// The tokens that `source` has.
  init(_ source: TokenizerSource) {
    self.source = source
    tokens = source.addedTokens
    nextID = max(source.modelTokenCount, (tokens.map(\.id).max() ?? -1) + 1)
    for (position, token) in tokens.enumerated() { positions[ExactBytes(token.content)] = position }
  }

  /// The added token with this text.
  func token(_ content: String) -> AddedToken? { positions[ExactBytes(content)].map { tokens[$0] } }

  /// The id that a token with this text has, or would get.
  func id(of content: String) -> Int { token(content)?.id ?? source.pieceID(of: content) ?? nextID }

  /// From here on, a token that is what it was before at any moment is not added again: one call of the library before 0.23,
  /// which transformers 4.x has.
  mutating func beginCall() {
    seen = Dictionary(grouping: tokens) { ExactBytes($0.content) }
  }

  /// Adds a token, whose own id does not matter. One that is there keeps its id and takes the new flags; an empty text is no token.
  mutating func add(_ token: AddedToken) throws(TokenizerCompilerError) {
    if let former = seen?[ExactBytes(token.content)], former.contains(where: token.hasFlags(of:)) { return }
    seen?[ExactBytes(token.content), default: []].append(token)
    try insert(token, id: id(of: token.content))
  }

  /// Adds a token with an id that a file gives it.
  mutating func insert(_ token: AddedToken, id: Int) throws(TokenizerCompilerError) {
    guard !token.content.isEmpty else { return }
    guard id < SectionLayout.maximumPieceCount else {
      throw .tooLarge(
        path: source.path, what: "id of \"\(token.content)\"", found: id, limit: SectionLayout.maximumPieceCount - 1)
    }
    var token = token
    token.id = id
    if let position = positions[ExactBytes(token.content)] {
      tokens[position] = token
    } else {
      positions[ExactBytes(token.content)] = tokens.count
      tokens.append(token)
      nextID = max(nextID, id + 1)
    }
  }

  /// Adds the tokens that a file declares with their ids, in the order of the ids.
  /// - Parameters:
  ///   - special: texts of tokens that are special whatever the file says.
  ///   - library: whose numbering this is, for error messages.
  mutating func add(
    _ declared: [DeclaredToken], special: Set<ExactBytes>, library: String
  ) throws(TokenizerCompilerError) {
    for entry in declared.sorted(by: { $0.id < $1.id }) {
      let content = entry.token.content
      guard !content.isEmpty else {
        throw .invalidVocabulary(path: entry.path, field: entry.field, expected: "a text", found: "\"\"")
      }
      // The model has an embedding row for the declared id, and the library would use another.
      let id = id(of: content)
      guard id == entry.id else {
        throw .invalidVocabulary(
          path: entry.path, field: entry.field, expected: "the id \(id), as \(library) numbers \"\(content)\"",
          found: "\(entry.id)")
      }
      try add(entry.token.added(isSpecial: special.contains(ExactBytes(content))))
    }
  }
}
