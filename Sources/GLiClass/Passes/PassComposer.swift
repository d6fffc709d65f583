import Tokenization

/// Puts the parts of one request's text together with the groups of its labels.
struct PassComposer {
  let builder: PromptBuilder
  let request: ClassificationRequest
  /// Labels as they stand in the prompt, by group.
  let groups: [[String]]

  /// Parts that a text may have.
  static let maximumParts = 16_384

  /// All passes: part by part, and in each part group by group.
  func passes(_ scratch: inout EncodingScratch) throws(GLiClassError) -> [Prompt] {
    switch request.options.chunking {
    case nil: return try passes(of: augmented(request.text), &scratch)
    case .reference(let size, let overlap):
      let parts = try Self.characterParts(of: augmented(request.text), size: size, overlap: overlap)
      var passes: [Prompt] = []
      for part in parts { passes += try self.passes(of: part, &scratch) }
      return passes
    case .tokens(let size, let overlap): return try tokenPasses(size: size, overlap: overlap, &scratch)
    }
  }

  /// The passes of one part: one a group.
  func passes(of part: String, _ scratch: inout EncodingScratch) throws(GLiClassError) -> [Prompt] {
    do throws(TokenizationError) {
      var passes: [Prompt] = []
      for group in groups {
        passes.append(
          try builder.prompt(
            text: part, labels: group, taskPrompt: request.taskPrompt, examples: request.examples, scratch: &scratch))
      }
      return passes
    } catch {
      throw .tokenization(error)
    }
  }

  /// The text with the retrieved examples behind it.
  func augmented(_ text: String) -> String {
    RetrievedExample.augment(text, with: request.retrievedExamples)
  }

  /// Parts of `size` code points, each beginning `overlap` before the end of the last (`chunk_text` of `gliclass` 0.1.21).
  static func characterParts(of text: String, size: Int, overlap: Int) throws(GLiClassError) -> [String] {
    // Bytes are at least as many as code points.
    if text.utf8.count <= size { return [text] }
    let scalars = Array(text.unicodeScalars)
    var parts: [String] = []
    var start = 0
    while true {
      if parts.count == maximumParts { throw .tooManyParts(limit: maximumParts) }
      let end = size < scalars.count - start ? start + size : scalars.count
      var part = String.UnicodeScalarView()
      part.append(contentsOf: scalars[start..<end])
      parts.append(String(part))
      if end == scalars.count { return parts }
      start = end - overlap
    }
  }
}
