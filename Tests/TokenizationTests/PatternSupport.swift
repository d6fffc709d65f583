import Tokenization

import TokenizerCompiler

/// A small property table: what parts 19 to 21 would say of the scalars of a test.
final class PatternTestProperties: PatternProperties, Sendable {
  let sets: [UInt32]
  private let numbers: [UInt32: UInt8]
  // SAFETY: written in `init` alone, and freed with this object, which outlives its users.
  private nonisolated(unsafe) let index: UnsafeMutableRawBufferPointer
  private nonisolated(unsafe) let blocks: UnsafeMutableRawBufferPointer
  private nonisolated(unsafe) let setBytes: UnsafeMutableRawBufferPointer

  /// A table of the scalars in `bits`; all others have no properties.
  init(_ bits: [UInt32: UInt32]) {
    var sets: [UInt32] = [0]
    var numbers: [UInt32: UInt8] = [:]
    var index = Array(repeating: UInt16(0), count: SectionLayout.scalarIndexSize)
    var blocks = Array(repeating: UInt8(0), count: SectionLayout.scalarBlockSize)
    for (scalar, properties) in bits.sorted(by: { $0.key < $1.key }) {
      let number = sets.firstIndex(of: properties) ?? sets.count
      if number == sets.count { sets.append(properties) }
      numbers[scalar] = UInt8(number)
      let entry = Int(scalar >> 7)
      if index[entry] == 0 {
        index[entry] = UInt16(blocks.count / SectionLayout.scalarBlockSize)
        blocks += Array(repeating: 0, count: SectionLayout.scalarBlockSize)
      }
      blocks[Int(index[entry]) << 7 | Int(scalar & 127)] = UInt8(number)
    }
    self.sets = sets
    self.numbers = numbers
    self.index = Self.copy(index.map(\.littleEndian))
    self.blocks = Self.copy(blocks)
    setBytes = Self.copy(sets.map(\.littleEndian))
  }

  deinit {
    index.deallocate()
    blocks.deallocate()
    setBytes.deallocate()
  }

  private static func copy(_ array: [some Any]) -> UnsafeMutableRawBufferPointer {
    array.withUnsafeBytes { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
      copy.copyMemory(from: bytes)
      return copy
    }
  }

  func setNumber(of scalar: UInt32) -> UInt8 { numbers[scalar] ?? 0 }

  /// The view that a matcher uses, valid while this object is there.
  var view: ScalarProperties {
    ScalarProperties(
      index: UnsafeRawBufferPointer(index), blocks: UnsafeRawBufferPointer(blocks),
      sets: UnsafeRawBufferPointer(setBytes))
  }

  /// Letters and digits of ASCII and white space, where no more is needed.
  static let ascii = PatternTestProperties(
    Dictionary(
      uniqueKeysWithValues: (UInt32(0)..<0x80).map { scalar in
        switch scalar {
        case 0x30...0x39: (scalar, SectionLayout.Property.number | SectionLayout.Property.decimalDigit)
        case 0x41...0x5A, 0x61...0x7A: (scalar, SectionLayout.Property.letter)
        case 0x09...0x0D, 0x20: (scalar, SectionLayout.Property.whiteSpace)
        default: (scalar, 0)
        }
      }))
}

extension PatternError {
  /// Why `expression` does not compile; `nil` where it does.
  static func refusing(_ expression: String) -> PatternError? {
    do throws(PatternError) {
      _ = try PatternCompiler.compile(regularExpression: expression, properties: PatternTestProperties.ascii)
      return nil
    } catch {
      return error
    }
  }
}

extension CompiledPattern {
  /// All matches in `text`, as the reader finds them in a part with this pattern alone.
  func matches(in text: [UInt8], _ properties: PatternTestProperties) throws -> [Range<Int>] {
    try PatternCompiler.part([self]).withUnsafeBytes { part in
      let table = try PatternTable(part, properties: properties.view, path: "test")
      return table.matchers.first?.matches(in: text) ?? []
    }
  }
}

extension PatternMatcher {
  /// All matches in `text`.
  func matches(in text: [UInt8]) -> [Range<Int>] {
    text.withUnsafeBufferPointer { bytes in
      var found: [Range<Int>] = []
      var position = 0
      while let match = next(in: bytes, from: position) {
        found.append(match)
        position = match.upperBound
      }
      return found
    }
  }
}
