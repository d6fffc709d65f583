/// The Split pre-tokenizer: words end where a pattern matches (`NormalizedString::split` of `tokenizers`).
struct PatternSplit: Sendable {
  let matcher: PatternMatcher
  let behavior: SplitBehavior
  /// Whether what matches are the stretches between the matches of the pattern.
  let inverts: Bool
  private let path: String

  /// Reads a step of kind 2.
  init(
    _ record: StepRecord, _ header: SectionHeader, _ patterns: PatternTable, field: String
  ) throws(TokenizationError) {
    typealias Kind = SectionLayout.PreTokenizerStep
    guard let behavior = SplitBehavior(rawValue: record.flags & Kind.behaviorMask),
      record.flags & ~(Kind.behaviorMask | Kind.invert) == 0
    else {
      throw .unsupported(
        path: header.path, field: field, found: "flags \(record.flags)",
        supported: "behaviors 0 to \(SplitBehavior.allCases.count - 1), flag 8 (invert)")
    }
    matcher = try patterns.matcher(record.a, of: header, field: field)
    self.behavior = behavior
    inverts = record.flags & Kind.invert != 0
    path = header.path
  }

  /// Cuts every word of `text`, and writes the new ones to `words`, in place of what is there.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``.
  func apply(
    to text: UnsafeBufferPointer<UInt8>, _ spans: borrowing ScratchBuffer<WordSpan>,
    _ words: inout ScratchBuffer<WordSpan>
  ) throws(TokenizationError) {
    words.removeAll()
    var reads = matcher.reads(in: text.count)
    for span in spans.elements {
      let word = UnsafeBufferPointer(rebasing: text[span.range])
      var parts = Parts(behavior: behavior, base: Int(span.start))
      var done = 0
      while done < word.count, let match = matcher.next(in: word, from: done, &reads) {
        if done < match.lowerBound { parts.add(done, match.lowerBound, isMatch: inverts, &words) }
        parts.add(match.lowerBound, match.upperBound, isMatch: !inverts, &words)
        done = match.upperBound
      }
      if done < word.count { parts.add(done, word.count, isMatch: inverts, &words) }
      parts.finish(&words)
      try reads.check(path)
    }
  }

  /// Matches and stretches, as they come, to words.
  private struct Parts {
    let behavior: SplitBehavior
    /// Where the word that is cut begins in its text.
    let base: Int
    private var pending: (start: Int, end: Int)?
    private var previousIsMatch = false

    init(behavior: SplitBehavior, base: Int) {
      self.behavior = behavior
      self.base = base
    }

    @inline(__always) mutating func add(
      _ start: Int, _ end: Int, isMatch: Bool, _ words: inout ScratchBuffer<WordSpan>
    ) {
      switch behavior {
      case .removed:
        if !isMatch { words.append(WordSpan(base + start, base + end)) }
      case .isolated: words.append(WordSpan(base + start, base + end))
      case .contiguous: join(start, end, joins: isMatch == previousIsMatch, &words)
      case .mergedWithPrevious: join(start, end, joins: isMatch && !previousIsMatch, &words)
      case .mergedWithNext:
        // Only matches wait here.
        if isMatch {
          finish(&words)
          pending = (start, end)
        } else {
          words.append(WordSpan(base + (pending?.start ?? start), base + end))
          pending = nil
        }
      }
      previousIsMatch = isMatch
    }

    /// Makes the part one word with the one before it, or the next.
    private mutating func join(_ start: Int, _ end: Int, joins: Bool, _ words: inout ScratchBuffer<WordSpan>) {
      if joins, pending != nil {
        pending?.end = end
      } else {
        finish(&words)
        pending = (start, end)
      }
    }

    /// Ends the word that may still have grown.
    @inline(__always) mutating func finish(_ words: inout ScratchBuffer<WordSpan>) {
      if let pending { words.append(WordSpan(base + pending.start, base + pending.end)) }
      pending = nil
    }
  }
}
