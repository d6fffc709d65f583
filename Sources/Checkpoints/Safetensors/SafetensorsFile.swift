import ModelCore

/// The tensors of one safetensors file (https://github.com/huggingface/safetensors, "Format").
///
/// The file is 8 bytes of header length (little-endian), the header (a JSON object, padded with spaces), and the data.
/// Data must be covered by the tensors without holes or overlaps, as the reference implementation asks. Thread-safe.
public struct SafetensorsFile: Sendable {
  /// The longest header that is read, in bytes. The format allows 100 MB, a thousand times what any encoder's header has;
  /// so much hostile text would keep a reader busy for minutes.
  public static let maximumHeaderLength = 16_000_000

  /// The mapping that the tensors look into.
  public let file: MappedFile
  /// Every tensor, in the order of its data.
  public let tensors: [TensorView]
  /// Offset in the file of the first byte of data.
  public let dataOffset: Int
  private let indexByName: [String: Int]

  /// The file's path.
  public var path: String { file.path }

  /// Maps the file at `path` and reads its header.
  /// - Throws: ``CheckpointError``.
  public init(path: String) throws(CheckpointError) {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      throw .core(error)
    }
    do {
      let headerLength = try file.withBytes { bytes throws(CheckpointError) in
        try SafetensorsHeader.length(bytes, path: path)
      }
      let start = SafetensorsHeader.lengthByteCount + headerLength
      let rows = try file.withBytes { bytes throws(CheckpointError) in
        let header = UnsafeRawBufferPointer(rebasing: bytes[SafetensorsHeader.lengthByteCount..<start])
        return try SafetensorsHeader.rows(header, path: path)
      }
      try SafetensorsHeader.validate(rows, dataSize: file.size - start, path: path)
      try file.requireIntact()
      self.file = file
      dataOffset = start
      tensors = rows.map { row in
        let bytes = StoredBytes.mapped(file, start + row.begin..<start + row.end)
        return TensorView(
          name: row.name, path: path, type: row.type, shape: row.shape, elementCount: row.elementCount,
          layout: TensorLayout(bytes: bytes, offset: 0, strides: nil, isBigEndian: false))
      }
      indexByName = Dictionary(zip(rows.map(\.name), rows.indices)) { first, _ in first }
    } catch {
      // A header that vanished while it was read is an I/O error, whatever its zeros looked like.
      try file.requireIntact()
      throw error
    }
  }

  /// The tensor called `name`, `nil` where there is none.
  public func tensor(_ name: String) -> TensorView? {
    indexByName[name].map { tensors[$0] }
  }
}
