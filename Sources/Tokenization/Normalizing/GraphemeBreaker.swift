/// Extended grapheme clusters (UAX #29 with GB9c) by the scalar classes of the section, so that a file means the same
/// whatever Unicode version the machine's own libraries have.
package struct GraphemeBreaker: @unchecked Sendable {
  /// The class numbers of formats/tokenizer.md.
  private enum Class {
    static let cr: UInt8 = 1
    static let lf: UInt8 = 2
    static let control: UInt8 = 3
    static let extend: UInt8 = 4
    static let extendConjunct: UInt8 = 5
    static let linker: UInt8 = 6
    static let joiner: UInt8 = 7
    static let regionalIndicator: UInt8 = 8
    static let prepend: UInt8 = 9
    static let spacingMark: UInt8 = 10
    static let hangulL: UInt8 = 11
    static let hangulV: UInt8 = 12
    static let hangulT: UInt8 = 13
    static let hangulLV: UInt8 = 14
    static let hangulLVT: UInt8 = 15
    static let pictographic: UInt8 = 16
    static let consonant: UInt8 = 17
  }

  // SAFETY: never written through; kept alive by the tokenizer that holds the view.
  private let index: UnsafeRawBufferPointer
  private let classes: UnsafeRawBufferPointer

  /// A view of the two parts of scalar classes.
  package init(index: UnsafeRawBufferPointer, classes: UnsafeRawBufferPointer) {
    self.index = index
    self.classes = classes
  }

  /// The class of `scalar`; 0 where the table has none.
  @inline(__always) package func scalarClass(_ scalar: UInt32) -> UInt8 {
    let block = Int(scalar >> 7)
    guard block < index.count else { return 0 }
    let position = Int(index[block]) << 7 | Int(scalar & 127)
    return position < classes.count ? classes[position] & 31 : 0
  }

  /// What the rules need to know of the scalars of the cluster so far.
  private struct State {
    var previous: UInt8
    /// GB11: 1 after `Extended_Pictographic Extend*`, 2 after a ZWJ behind that.
    var emoji: UInt8
    /// GB9c: 1 after a consonant (and `Extend`s), 2 when a linker was among those.
    var conjunct: UInt8
    /// GB12, GB13: whether the number of regional indicators at the end of the cluster is odd.
    var oddRegionalIndicators: Bool

    init(_ first: UInt8) {
      previous = first
      emoji = first == Class.pictographic ? 1 : 0
      conjunct = first == Class.consonant ? 1 : 0
      oddRegionalIndicators = first == Class.regionalIndicator
    }

    mutating func add(_ next: UInt8) {
      let extends = next == Class.extend || next == Class.extendConjunct || next == Class.linker
      if next == Class.pictographic {
        emoji = 1
      } else if emoji == 1, next == Class.joiner {
        emoji = 2
      } else if emoji != 1 || !extends {
        emoji = 0
      }
      if next == Class.consonant {
        conjunct = 1
      } else if conjunct > 0, next == Class.linker {
        conjunct = 2
      } else if next != Class.extendConjunct, next != Class.joiner {
        conjunct = 0
      }
      oddRegionalIndicators = next == Class.regionalIndicator && !oddRegionalIndicators
      previous = next
    }

    /// Whether there is no boundary before `next`.
    func joins(_ next: UInt8) -> Bool {
      switch (previous, next) {
      case (Class.cr, Class.lf): true
      case (Class.cr...Class.control, _), (_, Class.cr...Class.control): false
      case (Class.hangulL, Class.hangulL), (Class.hangulL, Class.hangulV), (Class.hangulL, Class.hangulLV),
        (Class.hangulL, Class.hangulLVT):
        true
      case (Class.hangulLV, Class.hangulV), (Class.hangulLV, Class.hangulT), (Class.hangulV, Class.hangulV),
        (Class.hangulV, Class.hangulT):
        true
      case (Class.hangulLVT, Class.hangulT), (Class.hangulT, Class.hangulT): true
      case (_, Class.extend...Class.joiner), (_, Class.spacingMark): true
      case (Class.prepend, _): true
      case (_, Class.consonant): conjunct == 2
      case (Class.joiner, Class.pictographic): emoji == 2
      case (Class.regionalIndicator, Class.regionalIndicator): oddRegionalIndicators
      default: false
      }
    }
  }

  /// The end of the cluster that begins at `start` of `bytes`.
  package func clusterEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let first = UTF8Scalars.decode(bytes, at: start)
    var end = start + first.size
    guard end < bytes.count else { return end }
    var state = State(scalarClass(first.scalar))
    while end < bytes.count {
      let (scalar, size) = UTF8Scalars.decode(bytes, at: end)
      let next = scalarClass(scalar)
      guard state.joins(next) else { return end }
      state.add(next)
      end += size
    }
    return end
  }
}
