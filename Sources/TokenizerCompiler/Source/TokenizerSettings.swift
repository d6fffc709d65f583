import ModelCore

/// The files beside a vocabulary.
package struct TokenizerSettings {
  /// The root of `tokenizer_config.json`.
  package var configuration: JSONValue?
  /// The root of `added_tokens.json`.
  package var addedTokens: JSONValue?
  /// The root of `special_tokens_map.json`.
  package var specialTokensMap: JSONValue?

  /// Settings of the files that are there.
  package init(configuration: JSONValue? = nil, addedTokens: JSONValue? = nil, specialTokensMap: JSONValue? = nil) {
    self.configuration = configuration
    self.addedTokens = addedTokens
    self.specialTokensMap = specialTokensMap
  }

  /// `model_max_length`, where there is one: tokenizers without a limit say 1e30.
  var maximumLength: Int? {
    guard let length = configuration?.member("model_max_length")?.int, length > 0, length < Int(Int32.max) else {
      return nil
    }
    return length
  }

  /// `source` with what these files say of it.
  func applied(to source: TokenizerSource) throws(TokenizerCompilerError) -> TokenizerSource {
    try checkSpecialTokensAreMatched()
    var source = source
    source.maximumLength = maximumLength
    return source
  }

  /// The one setting that no profile implements: with it, special tokens in a text are text.
  private func checkSpecialTokensAreMatched() throws(TokenizerCompilerError) {
    guard let value = configuration?.member("split_special_tokens"), !value.isNull, value.bool != false else { return }
    throw .input(value.unsupported("false"))
  }
}
