/// One compiled pattern: a deterministic automaton that is walked where it lies (formats/tokenizer.md, "Patterns").
///
/// An ASCII byte costs one look for its class and one for the transition; bytes that cannot begin a match cost one bit.
package struct PatternMatcher: @unchecked Sendable {
  // SAFETY: never written through; kept alive by the tokenizer that holds the view. `init` has checked that all tables
  // lie within the pattern, in the extents that the counts below say; `transition` and `classAndSize` stay within those.
  private let pattern: UnsafeRawPointer
  private let transitions: UnsafeRawPointer
  private let transitionCount: Int
  private let exceptionCount: Int
  /// Classes and the end of the text.
  private let columns: Int
  private let stateCount: Int
  private let properties: ScalarProperties
  /// The ASCII bytes that state 1 goes on with, as bits.
  private let startsLow: UInt64
  private let startsHigh: UInt64

  /// A view of `bytes`; `nil` where they do not have the size that their header says.
  package init?(_ bytes: UnsafeRawBufferPointer, _ properties: ScalarProperties) {
    guard let pattern = bytes.baseAddress, bytes.count >= PatternLayout.exceptions else { return nil }
    let states = Int(Self.half(pattern, PatternLayout.stateCount))
    let classes = Int(Self.half(pattern, PatternLayout.classCount))
    let exceptions = Int(Self.word(pattern, PatternLayout.exceptionCount))
    guard (2...PatternLayout.maximumStates).contains(states), (1...PatternLayout.maximumClasses).contains(classes),
      exceptions <= PatternLayout.maximumExceptions
    else { return nil }
    let tables = PatternLayout.exceptions + PatternLayout.exceptionSize * exceptions
    guard bytes.count == tables + PatternLayout.transitionSize * states * (classes + 1) else { return nil }
    self.pattern = pattern
    self.properties = properties
    transitions = pattern + tables
    transitionCount = states * (classes + 1)
    exceptionCount = exceptions
    columns = classes + 1
    stateCount = states
    var starts: (low: UInt64, high: UInt64) = (0, 0)
    for byte in 0..<64 {
      if Self.begins(pattern, byte, transitions, columns) { starts.low |= 1 << UInt64(byte) }
      if Self.begins(pattern, byte + 64, transitions, columns) { starts.high |= 1 << UInt64(byte) }
    }
    (startsLow, startsHigh) = starts
  }

  private static func half(_ base: UnsafeRawPointer, _ offset: Int) -> UInt16 {
    UInt16(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private static func begins(
    _ pattern: UnsafeRawPointer, _ byte: Int, _ transitions: UnsafeRawPointer, _ columns: Int
  ) -> Bool {
    let number = Int(pattern.load(fromByteOffset: PatternLayout.asciiClasses + byte, as: UInt8.self))
    // Row 1 is there: there are at least two states.
    guard number < columns else { return false }
    let index = PatternLayout.startState * columns + number
    return half(transitions, PatternLayout.transitionSize * index) & PatternLayout.stateMask != 0
  }

  /// The first match that begins at or behind `start`, a boundary between scalars of `text`, which is valid UTF-8.
  ///
  /// Never empty.
  /// To go on behind a match, begin at its end. Never reads beyond `text`, whatever the tables hold, and finds nothing more
  /// when `reads` are used up.
  @inline(__always) package func next(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, _ reads: inout PatternReads
  ) -> Range<Int>? {
    if reads.areUsedUp { return nil }
    var begin = start
    while begin < text.count {
      let byte = text[begin]
      if byte < 0x80 {
        let word = byte < 64 ? startsLow : startsHigh
        if word &>> UInt64(byte) & 1 == 0 {
          begin += 1
          continue
        }
      }
      if let end = matchEnd(in: text, at: begin, &reads) { return begin..<end }
      if reads.areUsedUp { return nil }
      begin = min(begin + UTF8Scalars.length(lead: byte), text.count)
    }
    return nil
  }

  /// The same without a limit.
  package func next(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    var reads = PatternReads(limit: .max)
    return next(in: text, from: start, &reads)
  }

  /// The bytes that may be read in vain in texts of `size` bytes. What writers store reads no more (formats/tokenizer.md,
  /// "Patterns"); other tables could read every rest of a text to its end.
  package func reads(in size: Int) -> PatternReads {
    PatternReads(limit: 4 * (stateCount + 16) * size + 1 << 16)
  }

  /// The end of the match that begins at `start` (< `text.count`), or `nil`.
  @inline(__always) private func matchEnd(
    in text: UnsafeBufferPointer<UInt8>, at start: Int, _ reads: inout PatternReads
  ) -> Int? {
    var state = PatternLayout.startState
    var position = start
    var end = start
    while position < text.count {
      let byte = text[position]
      var number = Int(byte)
      var size = 1
      if byte < 0x80 {
        number = Int(pattern.load(fromByteOffset: PatternLayout.asciiClasses + Int(byte), as: UInt8.self))
      } else {
        (number, size) = classAndSize(in: text, at: position)
      }
      let transition = transition(state, number)
      if transition & PatternLayout.matchBit != 0 { end = position }
      state = Int(transition & PatternLayout.stateMask)
      if state == 0 {
        reads.inVain &+= position - end
        return end > start ? end : nil
      }
      position += size
    }
    if transition(state, columns - 1) & PatternLayout.matchBit != 0 { end = position }
    reads.inVain &+= position - end
    return end > start ? end : nil
  }

  /// 0, which leads nowhere, where the tables do not reach.
  @inline(__always) private func transition(_ state: Int, _ column: Int) -> UInt16 {
    let index = state * columns + column
    guard index < transitionCount else { return 0 }
    return Self.half(transitions, PatternLayout.transitionSize * index)
  }

  /// The class of the scalar beyond ASCII at `position`, and its bytes.
  @inline(never) private func classAndSize(
    in text: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (number: Int, size: Int) {
    let (scalar, size) = UTF8Scalars.decode(text, at: position)
    var (low, high) = (0, exceptionCount)
    while low < high {
      let middle = (low + high) / 2
      let offset = PatternLayout.exceptions + PatternLayout.exceptionSize * middle
      let other = Self.word(pattern, offset)
      if other == scalar { return (Int(Self.word(pattern, offset + 4) & 0xFF), size) }
      if other < scalar { low = middle + 1 } else { high = middle }
    }
    let set = Int(properties.setNumber(of: scalar))
    return (Int(pattern.load(fromByteOffset: PatternLayout.setClasses + set, as: UInt8.self)), size)
  }
}

/// How many bytes searches have read behind the ends of their matches, or without finding one.
package struct PatternReads {
  package fileprivate(set) var inVain = 0
  /// More than that means that the tables are not what a writer stores.
  package let limit: Int

  package var areUsedUp: Bool { inVain > limit }
}
