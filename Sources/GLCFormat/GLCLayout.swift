import ModelCore

/// Where the sections of a `.glc` and the tensors in it come to lie (formats/glc.md), known before a byte is written.
public struct GLCLayout: Sendable {
  /// All tensors, sorted by name, with their places.
  public let records: [TensorRecord]
  static let tokenizerOffset = FileHeader.sectionAlignment
  let vocabularyOffset: Int
  let directoryOffset: Int
  let dataOffset: Int
  let dataSize: Int
  let metadataOffset: Int

  /// Places `records` behind a tokenizer of `tokenizerSize` bytes and a vocabulary map of `vocabularySize` bytes, 0 without one.
  public init(records: [TensorRecord], tokenizerSize: Int, vocabularySize: Int = 0) {
    var placed = records.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    var end = 0
    for index in placed.indices {
      let size = placed[index].extent.count
      placed[index].extent = end..<end + size
      end += size
    }
    let alignment = FileHeader.sectionAlignment
    self.records = placed
    dataSize = end
    vocabularyOffset = (Self.tokenizerOffset + tokenizerSize).roundedUp(toMultipleOf: alignment)
    directoryOffset = (vocabularyOffset + vocabularySize).roundedUp(toMultipleOf: alignment)
    dataOffset = (directoryOffset + TensorDirectory.encoded(placed).count).roundedUp(toMultipleOf: alignment)
    metadataOffset = (dataOffset + dataSize).roundedUp(toMultipleOf: alignment)
  }

  /// Bytes of the whole file with metadata of `metadataSize` bytes.
  public func fileSize(metadataSize: Int) -> Int { metadataOffset + metadataSize }
}
