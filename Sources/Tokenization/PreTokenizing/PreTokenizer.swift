/// The pre-tokenizer steps of a section: from a normalized segment to words (formats/tokenizer.md, "Pre-tokenizer").
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case metaspace(Metaspace)
    case split(PatternSplit)
    case prefixSpace
  }

  let steps: [Step]

  /// Reads the program.
  /// - Throws: ``TokenizationError/unsupported(path:field:found:supported:)``,
  ///   ``TokenizationError/malformed(path:field:expected:found:)``.
  init(_ header: SectionHeader, patterns: PatternTable) throws(TokenizationError) {
    var steps: [Step] = []
    var endsInBytes = false
    for index in 0..<header.preTokenizerStepCount {
      let field = "pre-tokenizer step \(index)"
      let record = StepRecord(header.part(.preTokenizer), index)
      guard !endsInBytes else {
        throw .malformed(path: header.path, field: field, expected: "no step behind ByteLevel", found: "\(record.kind)")
      }
      switch record.kind {
      case SectionLayout.PreTokenizerStep.metaspace:
        steps.append(.metaspace(try Metaspace(record, header, field: field)))
      case SectionLayout.PreTokenizerStep.split:
        steps.append(.split(try PatternSplit(record, header, patterns, field: field)))
      case SectionLayout.PreTokenizerStep.prefixSpace where record.flags == 0: steps.append(.prefixSpace)
      case SectionLayout.PreTokenizerStep.byteLevel where record.flags == 0: endsInBytes = true
      default:
        throw .unsupported(
          path: header.path, field: field, found: "kind \(record.kind), flags \(record.flags)",
          supported: "kinds 1 (Metaspace), 2 (Split), 3 (PrefixSpace), 4 (ByteLevel)")
      }
    }
    guard endsInBytes == (header.summary.model == .bytePairEncoding) else {
      throw .malformed(
        path: header.path, field: "pre-tokenizer", expected: "ByteLevel at the end under BPE, and only there",
        found: "\(header.summary.model.name) with\(endsInBytes ? "" : "out") ByteLevel")
    }
    self.steps = steps
  }

  /// Cuts the segment `source` (not empty) into words: `scratch.spans`, of the text that is returned.
  /// - Parameters:
  ///   - origin: bytes at the front of `source` that are aligned to the first character of the input.
  ///   - growth: what the text may still grow by.
  /// - Returns: `source` itself, or a text in `scratch`. Valid until either changes.
  /// - Throws: ``TokenizationError/textTooLong(bytes:limit:)``, ``TokenizationError/corrupt(path:part:index:limit:)``.
  func run(
    on source: UnsafeBufferPointer<UInt8>, origin: Int, _ scratch: inout WordScratch, _ growth: inout GrowthAllowance
  ) throws(TokenizationError) -> UnsafeBufferPointer<UInt8> {
    var text = source
    var origin = origin
    scratch.spans.removeAll()
    scratch.spans.append(WordSpan(0, source.count))
    for step in steps {
      let size = text.count
      let limit = growth.limit(of: size)
      switch step {
      case .metaspace(let metaspace):
        origin = metaspace.apply(
          to: text, scratch.spans, origin: origin, limit: limit, into: &scratch.nextText, &scratch.nextSpans)
        text = scratch.takeText()
      case .split(let split):
        try split.apply(to: text, scratch.spans, &scratch.nextSpans)
      case .prefixSpace:
        guard scratch.spans.elements.contains(where: { text[Int($0.start)] != 0x20 }) else { continue }
        origin = Self.addPrefixSpaces(
          to: text, scratch.spans, origin: origin, limit: limit, into: &scratch.nextText, &scratch.nextSpans)
        text = scratch.takeText()
      }
      swap(&scratch.spans, &scratch.nextSpans)
      try growth.take(text.count, of: size)
    }
    return text
  }

  /// Puts a space before every word that does not begin with one. Ends early where there is more than `limit` bytes.
  private static func addPrefixSpaces(
    to text: UnsafeBufferPointer<UInt8>, _ spans: borrowing ScratchBuffer<WordSpan>, origin: Int, limit: Int,
    into output: inout ScratchBuffer<UInt8>, _ words: inout ScratchBuffer<WordSpan>
  ) -> Int {
    output.removeAll()
    words.removeAll()
    output.reserve(text.count + spans.count)
    var newOrigin = 0
    for span in spans.elements where output.count <= limit {
      let start = output.count
      if text[Int(span.start)] != 0x20 { output.append(0x20) }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: text[span.range]))
      words.append(WordSpan(start, output.count))
      if span.start < origin { newOrigin = output.count - max(Int(span.end) - origin, 0) }
    }
    return newOrigin
  }
}

/// A word: a range of bytes of a text that has at most ``NormalizerProgram/maximumSize`` of them.
struct WordSpan: BitwiseCopyable {
  let start: UInt32
  let end: UInt32

  @inline(__always) init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
  }

  @inline(__always) var range: Range<Int> { Int(start)..<Int(end) }
}

/// What pre-tokenizing works in: the text and words so far, and those that a step makes of them.
struct WordScratch: ~Copyable {
  var spans = ScratchBuffer<WordSpan>()
  var nextSpans = ScratchBuffer<WordSpan>()
  private var text = ScratchBuffer<UInt8>()
  var nextText = ScratchBuffer<UInt8>()

  /// The text that a step has written, as the input of the next one.
  mutating func takeText() -> UnsafeBufferPointer<UInt8> {
    swap(&text, &nextText)
    return text.elements
  }

  mutating func trim(toBytes limit: Int) {
    spans.trim(toBytes: limit)
    nextSpans.trim(toBytes: limit)
    text.trim(toBytes: limit)
    nextText.trim(toBytes: limit)
  }
}
