import ModelCore
import Tokenization

/// Reading `tokenizer.json`.
extension TokenizerSource {
  /// Takes the document apart, and refuses by name whatever is not implemented.
  package init(_ root: JSONValue, path: String) throws(TokenizerCompilerError) {
    self.init(path: path)
    try root.allowOnly(
      [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
        "model",
      ], path: path)
    if let version = root.member("version"), version.string != "1.0" { throw version.refused(path: path, "\"1.0\"") }
    // `truncation` and `padding` are set by the pipeline on every call, and `decoder` does not touch ids.
    try readModel(reading { () throws(ModelCoreError) in try root.required("model") })
    if let normalizer = root.member("normalizer"), !normalizer.isNull { try readNormalizer(normalizer) }
    if let preTokenizer = root.member("pre_tokenizer"), !preTokenizer.isNull { try readPreTokenizer(preTokenizer) }
    try checkByteLevel(root)
    if let tokens = root.member("added_tokens"), !tokens.isNull { try readAddedTokens(tokens) }
    if let processor = root.member("post_processor"), !processor.isNull { try readPostProcessor(processor) }
  }

  /// The BPE that is implemented works on bytes, and nothing else does.
  private func checkByteLevel(_ root: JSONValue) throws(TokenizerCompilerError) {
    let endsInBytes = preTokenizer.last == .byteLevel
    switch model {
    case .bytePairs where !endsInBytes:
      let found = root.member("pre_tokenizer")?.found ?? "null"
      throw .unsupported(
        path: path, field: "pre_tokenizer", found: "\(found) before a BPE model", supported: "ByteLevel at the end")
    case .unigram where endsInBytes:
      throw .unsupported(
        path: path, field: "pre_tokenizer", found: "ByteLevel before a Unigram model", supported: "ByteLevel before BPE"
      )
    default: break
    }
  }
}

extension JSONValue {
  /// The member `key`, or a refusal that names it.
  func needed(_ key: String) throws(TokenizerCompilerError) -> JSONValue {
    try reading { () throws(ModelCoreError) in try required(key) }
  }

  /// The member `key` as a string.
  func neededString(_ key: String) throws(TokenizerCompilerError) -> String {
    try reading { () throws(ModelCoreError) in try required(key).requireString() }
  }

  /// The member `key` as a Boolean; `standard` where it is absent, if that is given.
  func neededBool(_ key: String, else standard: Bool? = nil) throws(TokenizerCompilerError) -> Bool {
    if let standard, member(key) == nil { return standard }
    return try reading { () throws(ModelCoreError) in try required(key).requireBool() }
  }

  /// The member `key` as a Boolean; false where it is absent or null.
  func optionalBool(_ key: String) throws(TokenizerCompilerError) -> Bool {
    guard let value = member(key), !value.isNull else { return false }
    return try neededBool(key)
  }

  /// The elements of the member `key`, an array.
  func neededElements(_ key: String) throws(TokenizerCompilerError) -> [JSONValue] {
    try reading { () throws(ModelCoreError) in try required(key).elements() }
  }
}
