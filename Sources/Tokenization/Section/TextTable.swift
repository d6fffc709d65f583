/// Texts in one run of bytes, cut by ascending u32 offsets.
struct TextTable: @unchecked Sendable {
  // SAFETY: never written through; kept alive by the tokenizer that holds the view. Parts begin at multiples of 64.
  private let offsets: UnsafeBufferPointer<UInt32>
  private let text: UnsafeBufferPointer<UInt8>

  init(offsets: UnsafeRawBufferPointer, text: UnsafeRawBufferPointer) {
    self.offsets = offsets.bindMemory(to: UInt32.self)
    self.text = text.bindMemory(to: UInt8.self)
  }

  /// Number of texts.
  var count: Int { max(offsets.count - 1, 0) }

  /// Text number `index`, or `nil` where its offsets do not lie in the text.
  @inline(__always) subscript(index: Int) -> UnsafeBufferPointer<UInt8>? {
    guard index >= 0, index < count else { return nil }
    let start = Int(UInt32(littleEndian: offsets[index]))
    let end = Int(UInt32(littleEndian: offsets[index + 1]))
    guard start <= end, end <= text.count else { return nil }
    return UnsafeBufferPointer(rebasing: text[start..<end])
  }
}

/// A u32 for every byte: ids of part 17.
struct ByteIDTable: @unchecked Sendable {
  // SAFETY: never written through; kept alive by the tokenizer that holds the view.
  private let ids: UnsafeBufferPointer<UInt32>

  init(_ bytes: UnsafeRawBufferPointer) { ids = bytes.bindMemory(to: UInt32.self) }

  /// The id for `byte`, or `nil` where there is none.
  @inline(__always) subscript(byte: UInt8) -> UInt32? {
    guard Int(byte) < ids.count else { return nil }
    let id = UInt32(littleEndian: ids[Int(byte)])
    return id == SectionLayout.noID ? nil : id
  }
}
