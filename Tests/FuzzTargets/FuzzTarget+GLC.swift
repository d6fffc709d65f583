import CKernels
import GLCFormat
import GLiClass
import ModelCore

extension FuzzTarget {
  /// A `.glc` without the zeros between its sections and without weights (``SqueezedGLC``): everything that opening
  /// checks, the tensors' checksums, the compiled tokenizer at work, and a forward pass of a small model.
  static func glc(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let squeezed = SqueezedGLC(bytes)
    let scratch = try squeezed.file()
    return FuzzInput(scratch.path) {
      let model = try GLiClassModel(path: scratch.path)
      let text = " One day\tI will see\u{301} the <<SEP>> world! ﬁn \u{1F468}\u{200D}\u{1F469}\u{0} ▁"
      let ids = try model.tokenizer.encode(text)
      for id in ids { _ = model.tokenizer.token(for: id) }
      // Its errors are about labels and text, and name no file.
      _ = try? model.prompts.prompt(text: text, labels: ["travel", "a sport"])
      if model.file.configuration.isSmall {
        // Weights are zero, so that numbers say nothing; places and sizes are what the file says. Errors are about the text.
        let session = try model.makeSession(options: SessionOptions(threads: 1))
        _ = try? session.classify("one day", labels: ["a", "b d"])
      }
      try model.file.checkTensorData()
    }
  }
}

extension ModelConfiguration {
  /// Whether a forward pass takes no time and memory to speak of.
  fileprivate var isSmall: Bool {
    let sizes = [
      encoder.hiddenSize, encoder.embeddingSize, encoder.intermediateSize / 4, head.projectorSize,
      head.scorerHiddenSize / 16, (head.calibrator?.hiddenSize ?? 0) / 4,
      (encoder.convolution?.kernelSize ?? 0) * encoder.hiddenSize / 8,
    ]
    return sizes.allSatisfy { $0 <= 128 } && encoder.layerCount <= 8
  }
}

/// The parts of a `.glc` that a reader looks at, one after another with separators between them: header and section table,
/// metadata, tensor directory, compiled tokenizer. Tensor data is zero.
///
/// Byte 36 of the header, which no reader looks at, says what is mended when the file is put together: bit 0 for offsets and
/// sizes, bit 1 for checksums. A fuzzer meets both sides so.
struct SqueezedGLC {
  private static let alignment = 65_536
  /// No input is blown up beyond this.
  private static let largestFile = 1 << 20
  private static let fixedSize = 64

  private var header: [UInt8]
  /// By kind, less one.
  private let contents: [UnsafeRawBufferPointer]

  init(_ bytes: UnsafeRawBufferPointer) {
    let parts = bytes.parts(4, separator: FuzzTarget.separator)
    header = Array(parts[0].prefix(Self.fixedSize + 32 * 64))
    contents = Array(parts.dropFirst())
  }

  /// Puts the file together.
  func file() throws -> ScratchFile {
    var header = header
    let choices = header.count > 36 ? header[36] : 0
    if choices & 1 != 0 { mendExtents(&header) }
    if choices & 2 != 0 { mendChecksums(&header) }
    let size = header.count >= Self.fixedSize ? Int(clamping: header.u64(16)) : header.count
    let total = min(max(size, header.count), Self.largestFile)
    return try header.withUnsafeBytes { header in
      var parts = [(0, header)]
      for (entry, content) in Self.placed(Array(header), contents) {
        let offset = Int(clamping: entry.offset)
        if offset <= total - content.count, offset >= header.count { parts.append((offset, content)) }
      }
      return try ScratchFile(parts, size: total)
    }
  }

  private typealias Entry = (position: Int, kind: Int, offset: UInt64)

  /// Offsets of the rows of the section table that are there.
  private static func entries(_ header: [UInt8]) -> [Entry] {
    stride(from: fixedSize, through: header.count - 32, by: 32).map { ($0, header.u32($0), header.u64($0 + 8)) }
  }

  private static func placed(
    _ header: [UInt8], _ contents: [UnsafeRawBufferPointer]
  ) -> [(Entry, UnsafeRawBufferPointer)] {
    entries(header).compactMap { entry in
      guard entry.kind >= 1, entry.kind <= contents.count else { return nil }
      return (entry, contents[entry.kind - 1])
    }
  }

  private func mendExtents(_ header: inout [UInt8]) {
    guard header.count >= Self.fixedSize else { return }
    header.set(12, UInt32(header.count))
    header.set(28, UInt32((header.count - Self.fixedSize) / 32))
    var end = header.count
    for entry in Self.entries(header) {
      let offset = (end + Self.alignment - 1) / Self.alignment * Self.alignment
      var size = Int(clamping: min(header.u64(entry.position + 16), UInt64(Self.largestFile / 2)))
      if entry.kind >= 1, entry.kind <= contents.count { size = contents[entry.kind - 1].count }
      header.set(entry.position + 8, UInt64(offset))
      header.set(entry.position + 16, UInt64(size))
      end = offset + size
    }
    header.set(16, UInt64(end))
  }

  private func mendChecksums(_ header: inout [UInt8]) {
    for (entry, content) in Self.placed(header, contents) {
      header.set(entry.position + 24, glck_crc32(0, content.baseAddress, content.count))
    }
    guard header.count >= Self.fixedSize else { return }
    header.set(32, UInt32(0))
    let size = min(header.count, header.u32(12))
    header.set(32, header.withUnsafeBytes { glck_crc32(0, $0.baseAddress, size) })
  }
}
