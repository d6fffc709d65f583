import ModelCore
import Tokenization

/// Something that must hold of what was accepted, and does not.
struct FuzzViolation: Error {
  let what: String
}

/// - Throws: ``FuzzViolation``, which the outcome shows as a breach of the contract.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
  if !holds { throw FuzzViolation(what: what()) }
}

/// What must hold of every tokenizer, whatever its tables, and of every text.
struct TokenizerChecks {
  let tokenizer: CompiledTokenizer

  /// Encodes `text` in every way there is and compares the ids.
  /// - Parameter scratch: working memory, the word cache of which may be filled already: making one is not cheap.
  /// - Returns: the ids without the template.
  /// - Throws: what encoding throws; ``FuzzViolation``.
  @discardableResult func encode(_ text: String, _ scratch: inout EncodingScratch) throws -> [Int32] {
    let ids = try tokenizer.encode(text, addTemplate: false)
    for id in ids { try require(isKnown(id), "the id \(id) of \(tokenizer.summary.vocabularySize)") }
    let withTemplate = try tokenizer.encode(text)
    try require(
      withTemplate == tokenizer.template.before + ids + tokenizer.template.after, "other ids with the template")
    // With a word cache; the ones above have none.
    try require(encode(text, .max, &scratch) == ids, "other ids with a word cache")
    try require(encode(text, .max, &scratch) == ids, "other ids from the word cache")
    for limit in [0, 1, ids.count / 2, ids.count, ids.count + 1] {
      try require(encode(text, limit, &scratch) == Array(ids.prefix(limit)), "other ids with the limit \(limit)")
    }
    return ids
  }

  /// As the other one, with working memory of its own.
  func encode(_ text: String) throws -> [Int32] {
    var scratch = EncodingScratch()
    return try encode(text, &scratch)
  }

  private func encode(_ text: String, _ limit: Int, _ scratch: inout EncodingScratch) throws -> [Int32] {
    try Self.encode(Array(text.utf8), with: tokenizer, limit: limit, &scratch)
  }

  /// The ids of bytes without the template, or an error.
  static func encode(
    _ text: [UInt8], with tokenizer: CompiledTokenizer, limit: Int = .max, _ scratch: inout EncodingScratch
  ) throws -> [Int32] {
    var ids: [Int32] = []
    var failure: TokenizationError?
    text.withUnsafeBufferPointer { bytes in
      do throws(TokenizationError) {
        try tokenizer.encode(utf8: bytes, addTemplate: false, limit: limit, scratch: &scratch, into: &ids)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return ids
  }

  /// Looks tokens up by id and ids by token.
  func lookUp(_ ids: [Int32], _ text: String) throws {
    for id in ids.prefix(64) + [-1, 0, .max, Int32(clamping: tokenizer.summary.vocabularySize)] {
      let token = tokenizer.token(for: id)
      try require(token == nil || isKnown(id), "a token for \(id) of \(tokenizer.summary.vocabularySize)")
      if let token, let found = tokenizer.id(of: token) { try require(isKnown(found), "the id \(found) of a token") }
    }
    if let found = tokenizer.id(of: text) { try require(isKnown(found), "the id \(found) of a text") }
  }

  private func isKnown(_ id: Int32) -> Bool { id >= 0 && id < tokenizer.summary.vocabularySize }

  /// Builds prompts of all forms. Their errors are about labels and texts, and name no file.
  func buildPrompts(_ text: String) throws {
    let summary = tokenizer.summary
    for (promptFirst, overflow) in [
      (true, PromptRules.LabelOverflow.refuse), (false, .report), (false, .shortenText),
    ] {
      let rules = PromptRules(
        labelTokenID: summary.labelTokenID ?? 0, separatorTokenID: summary.separatorTokenID ?? 0,
        exampleTokenID: summary.exampleTokenID, promptFirst: promptFirst, maximumLength: 40, labelOverflow: overflow)
      guard let builder = try? PromptBuilder(tokenizer: tokenizer, rules: rules) else { return }
      guard let prompt = try? builder.prompt(text: text, labels: ["travel", "a sport"]) else { continue }
      try require(prompt.ids.count <= rules.maximumLength, "a prompt of \(prompt.ids.count) ids")
      try require(
        prompt.labelPositions.allSatisfy { prompt.ids[$0] == rules.labelTokenID }, "a label's position without marker")
    }
  }
}
