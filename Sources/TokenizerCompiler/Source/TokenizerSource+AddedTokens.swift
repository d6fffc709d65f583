import ModelCore
import Tokenization

/// Reading the added tokens of `tokenizer.json`.
extension TokenizerSource {
  mutating func readAddedTokens(_ list: JSONValue) throws(TokenizerCompilerError) {
    let entries = try reading { () throws(ModelCoreError) in try list.elements() }
    var contents: Set<[UInt8]> = []
    var nextID = modelTokenCount
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
    return AddedToken(
      id: id, content: content, singleWord: try flag("single_word"), leftStrip: try flag("lstrip"),
      rightStrip: try flag("rstrip"),
      normalized: try flag("normalized"), special: try flag("special"))
  }
}
