/// Numbers of part 25 (formats/tokenizer.md, "Patterns"), shared by the reader and the compiler.
package enum PatternLayout {
  package static let maximumStates = 4_096
  package static let maximumClasses = 255
  package static let maximumExceptions = 1_024
  /// The state a search begins in.
  package static let startState = 1
  /// Bit of a transition: a match ends before the scalar that is read.
  package static let matchBit: UInt16 = 0x8000
  package static let stateMask: UInt16 = 0x7FFF

  // Offsets within a pattern.
  package static let stateCount = 0
  package static let classCount = 2
  package static let exceptionCount = 4
  package static let asciiClasses = 8
  package static let setClasses = 136
  package static let exceptions = 392

  package static let exceptionSize = 8
  package static let transitionSize = 2
  /// Every pattern begins at a multiple of this.
  package static let alignment = 4
  /// Bytes of an entry that says where a pattern is.
  package static let extentSize = 8
  package static let countSize = 4
}
