import ModelCore
import Tokenization

/// What a reference says of how it was made: what decides whether it is one of the model that is held against it.
package struct ReferenceHeader: Sendable, Equatable {
  /// As `gliclass 0.1.21`.
  package var producer: String
  /// Packages with their versions, as the header has them.
  package var versions: [ReferenceSummary.Version] = []
  /// Type of the computation, as `float32`.
  package var dtype: String?
  /// SHA-256 of the one file of weights, hexadecimal.
  package var checkpointSHA256: String?
  /// Identifies the weights in every container, as `sha256:…` (formats/glc.md).
  package var contentDigest: String?
  /// Whose reading of the tokenizer's files it is.
  package var tokenizerProfile: String?
  /// `as given`, or `lower`.
  package var labelCase: String?
  /// Tokens after which inputs were truncated.
  package var maximumLength: Int?
  /// Whether labels come before the text.
  package var promptFirst: Bool?
  /// Texts that were computed together; scores of some heads depend on their neighbours.
  package var batchSize: Int?

  /// A header that says nothing but what computed the reference.
  package init(producer: String) { self.producer = producer }

  /// The header of what is computed here, by the rules of `prompt`.
  init(computedBy producer: String, contentDigest: String?, profile: TokenizerProfile, prompt: PromptConfiguration) {
    self.init(producer: producer)
    self.contentDigest = contentDigest
    dtype = "float32"
    tokenizerProfile = profile.name
    labelCase = "as given"
    batchSize = 1
    maximumLength = prompt.maximumLength
    promptFirst = prompt.promptFirst
  }

  /// Reads the member `reference` of a file's first line. Members that are not there, or null, are not known.
  /// - Throws: ``VerificationError/malformedLine(path:line:expected:found:)`` for a member of another type.
  init(_ header: JSONValue, path: String) throws(VerificationError) {
    func member<Value>(_ name: String, _ type: String, _ read: (JSONValue) -> Value?) throws(VerificationError)
      -> Value?
    {
      guard let value = header.member(name), !value.isNull else { return nil }
      guard let read = read(value) else {
        throw .malformedLine(path: path, line: 1, expected: "\(type) for \(name)", found: value.found)
      }
      return read
    }
    func string(_ name: String) throws(VerificationError) -> String? { try member(name, "a string", \.string) }
    func integer(_ name: String) throws(VerificationError) -> Int? { try member(name, "an integer", \.int) }
    producer = try string("producer") ?? "unknown"
    for name in ["torch", "transformers", "tokenizers"] {
      if let version = try string(name) { versions.append(.init(name: name, version: version)) }
    }
    dtype = try string("dtype")
    checkpointSHA256 = try string("checkpoint_sha256")
    contentDigest = try string("content_digest")
    tokenizerProfile = try string("tokenizer_profile")
    // What headers said before they named profiles.
    if tokenizerProfile == nil, try string("tokenizer") == "tokenizer.json as stored" {
      tokenizerProfile = "tokenizers"
    }
    labelCase = try string("label_case")
    maximumLength = try integer("max_length")
    promptFirst = try member("prompt_first", "true or false", \.bool)
    batchSize = try integer("batch_size")
  }
}
