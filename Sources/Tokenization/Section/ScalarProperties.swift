/// The property set of every scalar: views of parts 19, 20 and 21 (formats/tokenizer.md, "Properties and mappings").
package struct ScalarProperties: @unchecked Sendable {
  // SAFETY: never written through; kept alive by the tokenizer that holds the view.
  private let index: UnsafeRawBufferPointer
  private let blocks: UnsafeRawBufferPointer
  private let sets: UnsafeRawBufferPointer

  /// A view of the three parts.
  package init(index: UnsafeRawBufferPointer, blocks: UnsafeRawBufferPointer, sets: UnsafeRawBufferPointer) {
    self.index = index
    self.blocks = blocks
    self.sets = sets
  }

  /// Those of a section.
  init(_ header: SectionHeader) {
    self.init(
      index: header.part(.propertyIndex), blocks: header.part(.propertyBlocks), sets: header.part(.propertySets))
  }

  /// The number of the property set of `scalar`; 0 where the tables do not reach.
  @inline(__always) package func setNumber(of scalar: UInt32) -> UInt8 {
    let entry = 2 * Int(scalar >> 7)
    guard entry + 2 <= index.count else { return 0 }
    let block = UInt16(littleEndian: index.loadUnaligned(fromByteOffset: entry, as: UInt16.self))
    let position = Int(block) << 7 | Int(scalar & 127)
    return position < blocks.count ? blocks[position] : 0
  }

  /// The property set of `scalar`: bits of ``SectionLayout/Property``.
  @inline(__always) package func properties(of scalar: UInt32) -> UInt32 {
    let entry = 4 * Int(setNumber(of: scalar))
    guard entry + 4 <= sets.count else { return 0 }
    return UInt32(littleEndian: sets.loadUnaligned(fromByteOffset: entry, as: UInt32.self))
  }
}
