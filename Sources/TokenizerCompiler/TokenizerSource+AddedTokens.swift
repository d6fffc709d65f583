import ModelCore
import Tokenization

/// Reading the added tokens and the template of `tokenizer.json`.
extension TokenizerSource {
  mutating func readAddedTokens(_ list: JSONValue) throws(TokenizerCompilerError) {
    let entries = try reading { () throws(ModelCoreError) in try list.elements() }
    var contents: Set<[UInt8]> = []
    var nextID = pieces.count
    for entry in entries {
      try entry.allowOnly(
        ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"], path: path)
      let token = try readAddedToken(entry)
      guard !token.content.isEmpty, contents.insert(Array(token.content.utf8)).inserted else {
        throw .invalidVocabulary(
          path: path, field: "\(entry.field).content", expected: "a text that no other added token has",
          found: "\"\(token.content)\"")
      }
      // The library gives ids itself: that of a piece with this text, or the next one behind all others.
      let pieceID = pieceID(of: token.content)
      let expected = pieceID ?? nextID
      guard token.id == expected else {
        throw .invalidVocabulary(
          path: path, field: "\(entry.field).id", expected: "\(expected), as the library numbers \(token.content)",
          found: "\(token.id)")
      }
      if pieceID == nil { nextID += 1 }
      addedTokens.append(token)
    }
  }

  private func readAddedToken(_ entry: JSONValue) throws(TokenizerCompilerError) -> AddedToken {
    func flag(_ key: String) throws(TokenizerCompilerError) -> Bool {
      try reading { () throws(ModelCoreError) in try entry.required(key).requireBool() }
    }
    let (id, content) = try reading { () throws(ModelCoreError) in
      (
        try entry.required("id").requireInt(in: 0...SectionLayout.maximumPieceCount - 1),
        try entry.required("content").requireString()
      )
    }
    if try flag("single_word") {
      throw .unsupported(path: path, field: "\(entry.field).single_word", found: "true", supported: "false")
    }
    return AddedToken(
      id: id, content: content, leftStrip: try flag("lstrip"), rightStrip: try flag("rstrip"),
      normalized: try flag("normalized"), special: try flag("special"))
  }

  mutating func readTemplate(_ value: JSONValue) throws(TokenizerCompilerError) {
    let type = try reading { () throws(ModelCoreError) in try value.required("type") }
    guard type.string == "TemplateProcessing" else { throw type.refused(path: path, "TemplateProcessing") }
    try value.allowOnly(["type", "single", "pair", "special_tokens"], path: path)
    let (items, specials) = try reading { () throws(ModelCoreError) in
      (try value.required("single").elements(), try value.required("special_tokens"))
    }
    var seenText = false
    for item in items {
      if let sequence = item.member("Sequence"), item.keys == ["Sequence"], !seenText {
        guard sequence.member("id")?.string == "A" else { throw sequence.refused(path: path, "the sequence A, once") }
        seenText = true
        continue
      }
      guard let special = item.member("SpecialToken"), item.keys == ["SpecialToken"] else {
        throw item.refused(path: path, "SpecialToken, and Sequence A once")
      }
      let ids = try templateIDs(special, specials)
      if seenText { templateAfter += ids } else { templateBefore += ids }
    }
    guard seenText else { throw .input(value.unexpected("a template with the sequence A")) }
    let size = max(templateBefore.count, templateAfter.count)
    guard size <= SectionLayout.maximumTemplateIDs else {
      throw .tooLarge(path: path, what: "template ids", found: size, limit: SectionLayout.maximumTemplateIDs)
    }
  }

  private func templateIDs(_ item: JSONValue, _ specials: JSONValue) throws(TokenizerCompilerError) -> [Int] {
    let name = try reading { () throws(ModelCoreError) in try item.required("id").requireString() }
    guard let special = specials.member(name) else {
      throw .missingToken(path: path, token: name, purpose: "post_processor.special_tokens")
    }
    let ids = try reading { () throws(ModelCoreError) in try special.required("ids").elements() }
    let limit = max(pieces.count - 1, addedTokens.map(\.id).max() ?? 0)
    var result: [Int] = []
    for id in ids { result.append(try reading { () throws(ModelCoreError) in try id.requireInt(in: 0...limit) }) }
    return result
  }
}
