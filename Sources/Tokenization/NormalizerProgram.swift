/// The normalizer steps of a section, and what they look up.
struct NormalizerProgram: Sendable {
  enum Step: Sendable, Equatable {
    case strip(left: Bool, right: Bool)
    case precompiled
    case collapseSpaces
  }

  let path: String
  let steps: [Step]
  let charsmap: DoubleArray
  let replacements: TextTable
  let breaker: GraphemeBreaker
  /// What an ASCII character standing alone becomes: itself or another byte, or one of the two values below.
  let asciiReplacements: [UInt16]

  static let dropped: UInt16 = 0x100
  static let general: UInt16 = 0x101

  init(_ header: SectionHeader) throws(TokenizationError) {
    path = header.path
    steps = try Self.readSteps(header)
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

  private static func readSteps(_ header: SectionHeader) throws(TokenizationError) -> [Step] {
    typealias Kind = SectionLayout.NormalizerStep
    var steps: [Step] = []
    for index in 0..<header.normalizerStepCount {
      let record = StepRecord(header.part(.normalizer), index)
      switch (record.kind, record.flags) {
      case (Kind.strip, 0...(Kind.stripLeft | Kind.stripRight)):
        steps.append(
          .strip(left: record.flags & Kind.stripLeft != 0, right: record.flags & Kind.stripRight != 0))
      case (Kind.precompiled, 0): steps.append(.precompiled)
      case (Kind.collapseSpaces, 0): steps.append(.collapseSpaces)
      default:
        throw .unsupported(
          path: header.path, field: "normalizer step \(index)", found: "kind \(record.kind), flags \(record.flags)",
          supported: "kinds 1 (Strip), 2 (Precompiled), 3 (CollapseSpaces)")
      }
    }
    return steps
  }

  /// What a segment became.
  struct Normalized {
    /// In the scratch buffers, or the segment itself. Valid until those change.
    let text: UnsafeBufferPointer<UInt8>
    /// Whether the first character is still that of the segment.
    let keepsOrigin: Bool
  }

  /// Runs all steps on the segment `source`.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``.
  func run(
    on source: UnsafeBufferPointer<UInt8>, _ first: inout ScratchBuffer<UInt8>, _ second: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) -> Normalized {
    var text = source
    var keepsOrigin = true
    var nextIsFirst = true
    for step in steps {
      switch step {
      case .strip(let left, let right):
        let before = text.baseAddress
        text = Self.strip(text, left: left, right: right)
        keepsOrigin = keepsOrigin && text.baseAddress == before
      case .precompiled:
        if nextIsFirst { try precompile(text, into: &first) } else { try precompile(text, into: &second) }
        text = nextIsFirst ? first.elements : second.elements
        nextIsFirst.toggle()
      case .collapseSpaces:
        guard let run = Self.firstSpaceRun(text) else { continue }
        if nextIsFirst {
          Self.collapse(text, from: run, into: &first)
        } else {
          Self.collapse(text, from: run, into: &second)
        }
        text = nextIsFirst ? first.elements : second.elements
        keepsOrigin = keepsOrigin && run > 0
        nextIsFirst.toggle()
      }
    }
    return Normalized(text: text, keepsOrigin: keepsOrigin)
  }

  private static func strip(
    _ text: UnsafeBufferPointer<UInt8>, left: Bool, right: Bool
  ) -> UnsafeBufferPointer<UInt8> {
    var (start, end) = (0, text.count)
    while left, start < end {
      let (scalar, size) = UTF8Scalars.decode(text, at: start)
      guard UTF8Scalars.isWhiteSpace(scalar) else { break }
      start += size
    }
    while right, start < end {
      let previous = UTF8Scalars.start(ofScalarBefore: end, in: text, from: start)
      guard UTF8Scalars.isWhiteSpace(UTF8Scalars.decode(text, at: previous).scalar) else { break }
      end = previous
    }
    return UnsafeBufferPointer(rebasing: text[start..<max(start, end)])
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
}
