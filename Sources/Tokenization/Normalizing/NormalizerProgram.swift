/// The normalizer steps of a section, and what they look up (formats/tokenizer.md, "Normalizer").
struct NormalizerProgram: Sendable {
  enum Step: Sendable {
    case strip(left: Bool, right: Bool)
    case precompiled
    case collapseSpaces
    case form(NormalizationForm)
    case lowercase
    case stripAccents
    case replace(PatternMatcher, content: [UInt8])
    case prepend([UInt8])
  }

  /// The longest text that a step may make, in bytes.
  static let maximumSize = 4 * CompiledTokenizer.maximumTextSize

  let path: String
  let steps: [Step]
  let unicode: UnicodeNormalizer
  let charsmap: DoubleArray
  let replacements: TextTable
  let breaker: GraphemeBreaker
  /// What an ASCII character standing alone becomes: itself or another byte, or one of the two values below.
  let asciiReplacements: [UInt16]

  static let dropped: UInt16 = 0x100
  static let general: UInt16 = 0x101

  init(
    _ header: SectionHeader, properties: ScalarProperties, patterns: PatternTable
  ) throws(TokenizationError) {
    path = header.path
    steps = try Self.readSteps(header, patterns)
    let mappings = UnicodeMappings(
      trie: header.part(.mappingTrie), offsets: header.part(.mappedTextOffsets), text: header.part(.mappedText),
      path: header.path)
    unicode = UnicodeNormalizer(properties: properties, mappings: mappings)
    let charsmap = DoubleArray(header.part(.charsmapTrie))
    let replacements = TextTable(offsets: header.part(.replacementOffsets), text: header.part(.replacementText))
    self.charsmap = charsmap
    self.replacements = replacements
    breaker = GraphemeBreaker(index: header.part(.scalarClassIndex), classes: header.part(.scalarClasses))
    asciiReplacements = (UInt8(0)..<128).map { Self.replacement(ofASCII: $0, charsmap, replacements) }
  }

  private static func replacement(ofASCII byte: UInt8, _ charsmap: DoubleArray, _ replacements: TextTable) -> UInt16 {
    // CR may begin the one cluster of two ASCII characters.
    if byte == 0x0D { return general }
    let value = withUnsafePointer(to: byte) {
      charsmap.shortestPrefixValue(of: UnsafeBufferPointer(start: $0, count: 1))
    }
    guard let value else { return UInt16(byte) }
    guard let text = replacements[Int(value)], text.count < 2 else { return general }
    return text.first.map(UInt16.init) ?? dropped
  }

  private static func readSteps(_ header: SectionHeader, _ patterns: PatternTable) throws(TokenizationError) -> [Step] {
    var steps: [Step] = []
    for index in 0..<header.normalizerStepCount {
      let record = StepRecord(header.part(.normalizer), index)
      steps.append(try readStep(record, header, patterns, field: "normalizer step \(index)"))
    }
    return steps
  }

  private static func readStep(
    _ record: StepRecord, _ header: SectionHeader, _ patterns: PatternTable, field: String
  ) throws(TokenizationError) -> Step {
    typealias Kind = SectionLayout.NormalizerStep
    switch (record.kind, record.flags) {
    case (Kind.strip, 0...(Kind.stripLeft | Kind.stripRight)):
      return .strip(left: record.flags & Kind.stripLeft != 0, right: record.flags & Kind.stripRight != 0)
    case (Kind.precompiled, 0): return .precompiled
    case (Kind.collapseSpaces, 0): return .collapseSpaces
    case (Kind.nfc, 0): return .form(.nfc)
    case (Kind.nfd, 0): return .form(.nfd)
    case (Kind.nfkc, 0): return .form(.nfkc)
    case (Kind.nfkd, 0): return .form(.nfkd)
    case (Kind.lowercase, 0): return .lowercase
    case (Kind.stripAccents, 0): return .stripAccents
    case (Kind.replace, 0):
      return .replace(
        try patterns.matcher(record.a, of: header, field: field),
        content: try header.text(at: record.b, size: record.c, field: field))
    case (Kind.prepend, 0): return .prepend(try header.text(at: record.b, size: record.c, field: field))
    default:
      throw .unsupported(
        path: header.path, field: field, found: "kind \(record.kind), flags \(record.flags)",
        supported: "kinds 1 to 3, 16 to 22 and 24")
    }
  }
}
