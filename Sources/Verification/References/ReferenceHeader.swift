import ModelCore

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

  /// A header that says nothing but what computed the reference.
  package init(producer: String) { self.producer = producer }

  /// Reads the member `reference` of a file's first line. Members that are not there are not known.
  init(_ header: JSONValue) {
    producer = header.member("producer")?.string ?? "unknown"
    for name in ["torch", "transformers", "tokenizers"] {
      if let version = header.member(name)?.string { versions.append(.init(name: name, version: version)) }
    }
    dtype = header.member("dtype")?.string
    checkpointSHA256 = header.member("checkpoint_sha256")?.string
    contentDigest = header.member("content_digest")?.string
    tokenizerProfile = header.member("tokenizer_profile")?.string
    // What headers said before they named profiles.
    if tokenizerProfile == nil, header.member("tokenizer")?.string == "tokenizer.json as stored" {
      tokenizerProfile = "tokenizers"
    }
    labelCase = header.member("label_case")?.string
    maximumLength = header.member("max_length")?.int
    promptFirst = header.member("prompt_first")?.bool
  }
}
