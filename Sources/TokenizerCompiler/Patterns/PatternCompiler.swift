import Tokenization

/// A pattern as it lies in part 25.
package struct CompiledPattern: Equatable {
  package let bytes: [UInt8]
}

/// Compiles regular expressions, literals and classes to the automata of formats/tokenizer.md, "Patterns".
package enum PatternCompiler {
  /// The pattern that matches what the regular expression matches in Oniguruma's Ruby syntax.
  /// - Throws: ``PatternError`` for whatever is not supported.
  package static func compile(
    regularExpression: String, properties: some PatternProperties
  ) throws(PatternError) -> CompiledPattern {
    try compile(PatternParser.parse(regularExpression), properties)
  }

  /// The pattern that matches the text `literal`.
  /// - Throws: ``PatternError`` where it is empty or has too many different characters.
  package static func compile(literal: String, properties: some PatternProperties) throws(PatternError)
    -> CompiledPattern
  {
    let scalars = literal.unicodeScalars.map { PatternNode.scalar(ScalarSet($0.value), foldedLetter: nil) }
    return try compile(.sequence(scalars), properties)
  }

  /// The pattern that matches one scalar with any of the property bits `mask`.
  /// - Throws: ``PatternError``, in theory.
  package static func compile(
    anyOf mask: UInt32, properties: some PatternProperties
  ) throws(PatternError) -> CompiledPattern {
    try compile(.scalar(ScalarSet(anyOf: mask), foldedLetter: nil), properties)
  }

  private static func compile(
    _ node: PatternNode, _ properties: some PatternProperties
  ) throws(PatternError) -> CompiledPattern {
    let automaton = try PatternAutomaton(PatternProgram(node), properties)
    try automaton.checkLinearity()
    return CompiledPattern(bytes: automaton.bytes)
  }

  /// The bytes of part 25.
  /// - Throws: ``PatternError`` where there are more patterns than a section holds.
  package static func part(_ patterns: [CompiledPattern]) throws(PatternError) -> [UInt8] {
    guard patterns.count <= SectionLayout.maximumPatterns else {
      throw PatternError(
        construct: "\(patterns.count) patterns", position: nil,
        reason: "are more than \(SectionLayout.maximumPatterns)")
    }
    var part: [UInt8] = []
    var texts: [UInt8] = []
    part.appendLittleEndian(UInt32(patterns.count))
    let start = PatternLayout.countSize + PatternLayout.extentSize * patterns.count
    for pattern in patterns {
      while (start + texts.count) % PatternLayout.alignment != 0 { texts.append(0) }
      part.appendLittleEndian(UInt32(start + texts.count))
      part.appendLittleEndian(UInt32(pattern.bytes.count))
      texts += pattern.bytes
    }
    return part + texts
  }
}

extension PatternAutomaton {
  /// The pattern as part 25 holds it.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt16(stateCount))
    bytes.appendLittleEndian(UInt16(classes.count))
    bytes.appendLittleEndian(UInt32(classes.exceptions.count))
    bytes += classes.ascii
    bytes += classes.bySet
    for exception in classes.exceptions {
      bytes.appendLittleEndian(exception.scalar)
      bytes.appendLittleEndian(UInt32(exception.number))
    }
    for transition in transitions { bytes.appendLittleEndian(transition) }
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
