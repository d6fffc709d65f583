/// The forms of Unicode normalization (UAX #15).
package enum NormalizationForm: Sendable, CaseIterable {
  case nfc, nfd, nfkc, nfkd

  /// Whether what can be composed is.
  var composes: Bool { self == .nfc || self == .nfkc }
  /// Whether compatibility decompositions are taken.
  var isCompatibility: Bool { self == .nfkc || self == .nfkd }

  /// The properties of scalars that need more than copying: 0 in a starter that stays as it is, whatever is before it.
  var involvedProperties: UInt32 {
    typealias Property = SectionLayout.Property
    return 0xFF << Property.combiningClassShift | Property.decomposes
      | (isCompatibility ? Property.decomposesCompatibly : 0) | (composes ? Property.composesWithPrevious : 0)
  }
}

/// The working memory of normalization forms, kept from one text to the next.
struct NormalizationScratch: ~Copyable {
  /// A starter and the marks behind it, as ``NormalizationUnit``s.
  var pending = ScratchBuffer<UInt32>()
  var sorted = ScratchBuffer<UInt32>()
  var counts = ScratchBuffer<Int>()

  mutating func trim(toBytes limit: Int) {
    pending.trim(toBytes: limit)
    sorted.trim(toBytes: limit)
  }
}

/// The normalizer steps that follow Unicode's data: forms, lower case, accents.
///
/// All take text that is UTF-8, write UTF-8 in place of what `output` holds, and return the new origin: how many of the
/// bytes written stand for the first `origin` bytes of the text. Time is linear in the text and the output, whatever the
/// tables hold.
package struct UnicodeNormalizer: Sendable {
  let properties: ScalarProperties
  let mappings: UnicodeMappings

  /// A normalizer with the tables of a section.
  package init(properties: ScalarProperties, mappings: UnicodeMappings) {
    self.properties = properties
    self.mappings = mappings
  }

  /// A step, for ``run(_:on:origin:)``.
  package enum Step: Sendable, Equatable {
    case form(NormalizationForm)
    case lowercase
    case stripAccents
  }

  /// One step on one text, with working memory of its own.
  /// - Throws: ``TokenizationError/invalidUTF8(offset:)``, ``TokenizationError/corrupt(path:part:index:limit:)``.
  package func run(
    _ step: Step, on text: [UInt8], origin: Int = 0
  ) throws(TokenizationError) -> (text: [UInt8], origin: Int) {
    let result = text.withUnsafeBufferPointer { text in
      Result { () throws(TokenizationError) in
        if let offset = UTF8Scalars.firstInvalidOffset(text) { throw .invalidUTF8(offset: offset) }
        var output = ScratchBuffer<UInt8>()
        var scratch = NormalizationScratch()
        let newOrigin =
          switch step {
          case .form(let form): try normalize(text, form: form, origin: origin, limit: .max, into: &output, &scratch)
          case .lowercase: try lowercase(text, origin: origin, limit: .max, into: &output)
          case .stripAccents: stripAccents(text, origin: origin, into: &output)
          }
        return (Array(output.elements), newOrigin)
      }
    }
    return try result.get()
  }

  /// Replaces every scalar by its lower case, alone.
  /// - Parameter limit: the most that is written, in bytes.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``, ``TokenizationError/textTooLong(bytes:limit:)``.
  func lowercase(
    _ text: UnsafeBufferPointer<UInt8>, origin: Int, limit: Int, into output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) -> Int {
    output.removeAll()
    output.reserve(text.count)
    var newOrigin = 0
    var index = 0
    while index < text.count {
      let start = index
      index = keptEnd(in: text, from: index, changing: SectionLayout.Property.hasLowercase) { 0x41...0x5A ~= $0 }
      newOrigin += max(min(index, origin) - start, 0)
      output.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
      guard index < text.count else { break }
      let before = output.count
      let (scalar, size) = UTF8Scalars.decode(text, at: index)
      if scalar < 0x80 {
        output.append(UInt8(truncatingIfNeeded: scalar) | 0x20)
      } else if let lower = try mappings.text(of: scalar, .lowercase) {
        output.append(contentsOf: lower)
        try GrowthAllowance.check(output.count, limit)
      } else {
        output.append(scalar: scalar)
      }
      if index < origin { newOrigin += output.count - before }
      index += size
    }
    return newOrigin
  }

  /// Removes combining marks.
  func stripAccents(
    _ text: UnsafeBufferPointer<UInt8>, origin: Int, into output: inout ScratchBuffer<UInt8>
  ) -> Int {
    output.removeAll()
    output.reserve(text.count)
    var newOrigin = 0
    var index = 0
    while index < text.count {
      let start = index
      index = keptEnd(in: text, from: index, changing: SectionLayout.Property.combiningMark) { _ in false }
      newOrigin += max(min(index, origin) - start, 0)
      output.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
      guard index < text.count else { break }
      index += UTF8Scalars.decode(text, at: index).size
    }
    return newOrigin
  }

  /// The end of the scalars from `start` on that have none of the properties `mask` and are no ASCII that changes.
  @inline(__always) private func keptEnd(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, changing mask: UInt32, changesASCII: (UInt8) -> Bool
  ) -> Int {
    var index = start
    while index < text.count {
      if text[index] < 0x80 {
        if changesASCII(text[index]) { break }
        index += 1
        continue
      }
      let (scalar, size) = UTF8Scalars.decode(text, at: index)
      if properties.properties(of: scalar) & mask != 0 { break }
      index += size
    }
    return index
  }
}
