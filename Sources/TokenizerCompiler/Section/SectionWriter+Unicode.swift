import Tokenization

/// Properties, mappings and patterns: what steps and single-word tokens need of them.
extension SectionWriter {
  mutating func addUnicode(
    _ source: TokenizerSource, _ patterns: [TokenizerSource.Pattern]
  ) throws(TokenizerCompilerError) {
  }
}
