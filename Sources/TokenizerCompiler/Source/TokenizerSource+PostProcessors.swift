import ModelCore
import Tokenization

/// Reading `post_processor` of `tokenizer.json`: the tokens around the text.
extension TokenizerSource {
  mutating func readPostProcessor(_ value: JSONValue) throws(TokenizerCompilerError) {
    let type = try value.needed("type")
    switch type.string {
    case "Sequence":
      try value.allowOnly(["type", "processors"], path: path)
      for processor in try value.neededElements("processors") { try readPostProcessor(processor) }
    case "TemplateProcessing": try readTemplate(value)
    case "BertProcessing":
      try value.allowOnly(["type", "sep", "cls"], path: path)
      try wrap(before: [pairedID(value.needed("cls"))], after: [pairedID(value.needed("sep"))])
    case "RobertaProcessing":
      try value.allowOnly(["type", "sep", "cls", "trim_offsets", "add_prefix_space"], path: path)
      try wrap(before: [pairedID(value.needed("cls"))], after: [pairedID(value.needed("sep"))])
    case "ByteLevel":
      // This one only trims offsets.
      try value.allowOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"], path: path)
    default:
      throw type.refused(path: path, "Sequence, TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel")
    }
  }

  /// Puts ids around what there is: a later processor works on the outcome of an earlier one.
  private mutating func wrap(before: [Int], after: [Int]) throws(TokenizerCompilerError) {
    templateBefore = before + templateBefore
    templateAfter += after
    let size = max(templateBefore.count, templateAfter.count)
    guard size <= SectionLayout.maximumTemplateIDs else {
      throw .tooLarge(path: path, what: "template ids", found: size, limit: SectionLayout.maximumTemplateIDs)
    }
  }

  private var largestID: Int { max(pieces.count - 1, addedTokens.map(\.id).max() ?? 0) }

  /// The id of a token and its id, as the older processors name one.
  private func pairedID(_ value: JSONValue) throws(TokenizerCompilerError) -> Int {
    guard value.count == 2, value.element(0).string != nil else {
      throw .input(value.unexpected("a token and its id"))
    }
    return try reading { () throws(ModelCoreError) in try value.element(1).requireInt(in: 0...largestID) }
  }

  private mutating func readTemplate(_ value: JSONValue) throws(TokenizerCompilerError) {
    try value.allowOnly(["type", "single", "pair", "special_tokens"], path: path)
    let specials = try value.needed("special_tokens")
    var (before, after): ([Int], [Int]) = ([], [])
    var seenText = false
    for item in try value.neededElements("single") {
      if let sequence = item.member("Sequence"), item.keys == ["Sequence"], !seenText {
        guard sequence.member("id")?.string == "A" else { throw sequence.refused(path: path, "the sequence A, once") }
        seenText = true
        continue
      }
      guard let special = item.member("SpecialToken"), item.keys == ["SpecialToken"] else {
        throw item.refused(path: path, "SpecialToken, and Sequence A once")
      }
      let ids = try templateIDs(special, specials)
      if seenText { after += ids } else { before += ids }
    }
    guard seenText else { throw .input(value.unexpected("a template with the sequence A")) }
    try wrap(before: before, after: after)
  }

  private func templateIDs(_ item: JSONValue, _ specials: JSONValue) throws(TokenizerCompilerError) -> [Int] {
    let name = try item.neededString("id")
    guard let special = specials.member(name) else {
      throw .missingToken(path: path, token: name, purpose: "post_processor.special_tokens")
    }
    var result: [Int] = []
    for id in try special.neededElements("ids") {
      result.append(try reading { () throws(ModelCoreError) in try id.requireInt(in: 0...largestID) })
    }
    return result
  }
}
