/// Running the steps, each on the whole segment.
extension NormalizerProgram {
  /// What a segment became.
  struct Normalized {
    /// In the scratch buffers, or the segment itself. Valid until those change.
    let text: UnsafeBufferPointer<UInt8>
    /// Bytes at the front of ``text`` that are aligned to the first character of the input.
    let origin: Int
  }

  /// Runs all steps on the segment `source`.
  /// - Parameters:
  ///   - origin: bytes at the front of `source` that are aligned to the first character of the input.
  ///   - growth: what the text may still grow by.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``, ``TokenizationError/textTooLong(bytes:limit:)``.
  func run(
    on source: UnsafeBufferPointer<UInt8>, origin: Int, _ scratch: inout NormalizerScratch,
    _ growth: inout GrowthAllowance
  ) throws(TokenizationError) -> Normalized {
    var text = source
    var origin = origin
    for step in steps {
      let size = text.count
      let limit = growth.limit(of: size)
      switch step {
      case .strip(let left, let right):
        let stripped = Self.strip(text, left: left, right: right)
        let removed = text.baseAddress.flatMap { start in stripped.baseAddress.map { $0 - start } } ?? 0
        origin = min(max(origin - removed, 0), stripped.count)
        text = stripped
      case .collapseSpaces:
        guard let run = Self.firstSpaceRun(text) else { continue }
        Self.collapse(text, from: run, into: &scratch.output)
        origin = min(origin, run)
        text = scratch.takeOutput()
      case .replace(let matcher, let content):
        var reads = matcher.reads(in: text.count)
        let first = matcher.next(in: text, from: 0, &reads)
        try reads.check(path)
        guard let first else { continue }
        origin = try Self.replace(
          matcher, from: first, in: text, by: content, origin: origin, limit: limit, into: &scratch.output, &reads)
        try reads.check(path)
        text = scratch.takeOutput()
      case .precompiled:
        origin = try precompile(text, origin: origin, limit: limit, into: &scratch.output)
        text = scratch.takeOutput()
      case .form(let form):
        origin = try unicode.normalize(
          text, form: form, origin: origin, limit: limit, into: &scratch.output, &scratch.forms)
        text = scratch.takeOutput()
      case .lowercase:
        origin = try unicode.lowercase(text, origin: origin, limit: limit, into: &scratch.output)
        text = scratch.takeOutput()
      case .stripAccents:
        origin = unicode.stripAccents(text, origin: origin, into: &scratch.output)
        text = scratch.takeOutput()
      case .prepend(let content):
        guard !text.isEmpty, !content.isEmpty else { continue }
        scratch.output.removeAll()
        content.withUnsafeBufferPointer { scratch.output.append(contentsOf: $0) }
        scratch.output.append(contentsOf: text)
        if origin > 0 { origin += content.count }
        text = scratch.takeOutput()
      }
      try growth.take(text.count, of: size)
    }
    return Normalized(text: text, origin: origin)
  }

  private static func strip(
    _ text: UnsafeBufferPointer<UInt8>, left: Bool, right: Bool
  ) -> UnsafeBufferPointer<UInt8> {
    let start = left ? UTF8Scalars.whiteSpaceEnd(in: text, from: 0) : 0
    let end = right ? UTF8Scalars.whiteSpaceStart(in: text, before: text.count, from: start) : text.count
    return UnsafeBufferPointer(rebasing: text[start..<end])
  }

  /// The offset of the first of two adjacent spaces, or `nil`.
  private static func firstSpaceRun(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    var previousIsSpace = false
    for index in 0..<text.count {
      let isSpace = text[index] == 0x20
      if isSpace, previousIsSpace { return index - 1 }
      previousIsSpace = isSpace
    }
    return nil
  }

  private static func collapse(
    _ text: UnsafeBufferPointer<UInt8>, from run: Int, into output: inout ScratchBuffer<UInt8>
  ) {
    output.removeAll()
    output.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<run]))
    var previousIsSpace = false
    for byte in text[run...] {
      let isSpace = byte == 0x20
      if !(isSpace && previousIsSpace) { output.append(byte) }
      previousIsSpace = isSpace
    }
  }

  /// Puts `content` in place of every match, the first of which is known, and returns the new origin.
  private static func replace(
    _ matcher: PatternMatcher, from first: Range<Int>, in text: UnsafeBufferPointer<UInt8>, by content: [UInt8],
    origin: Int, limit: Int, into output: inout ScratchBuffer<UInt8>, _ reads: inout PatternReads
  ) throws(TokenizationError) -> Int {
    output.removeAll()
    output.reserve(text.count)
    var newOrigin = 0
    var done = 0
    var next: Range<Int>? = first
    while let match = next {
      output.append(contentsOf: UnsafeBufferPointer(rebasing: text[done..<match.lowerBound]))
      if done < origin { newOrigin = output.count - max(match.lowerBound - origin, 0) }
      // The library aligns the content to the last character of the match.
      content.withUnsafeBufferPointer { output.append(contentsOf: $0) }
      if match.upperBound <= origin { newOrigin = output.count }
      try GrowthAllowance.check(output.count, limit)
      done = match.upperBound
      next = done < text.count ? matcher.next(in: text, from: done, &reads) : nil
    }
    output.append(contentsOf: UnsafeBufferPointer(rebasing: text[done...]))
    if done < origin { newOrigin = output.count - max(text.count - origin, 0) }
    return newOrigin
  }
}

/// What normalizing works in: a step writes its output while its input lies in the other buffer.
struct NormalizerScratch: ~Copyable {
  var output = ScratchBuffer<UInt8>()
  private var input = ScratchBuffer<UInt8>()
  var forms = NormalizationScratch()

  /// What a step has written, as the input of the next one.
  mutating func takeOutput() -> UnsafeBufferPointer<UInt8> {
    swap(&output, &input)
    return input.elements
  }

  mutating func trim(toBytes limit: Int) {
    output.trim(toBytes: limit)
    input.trim(toBytes: limit)
    forms.trim(toBytes: limit)
  }
}
