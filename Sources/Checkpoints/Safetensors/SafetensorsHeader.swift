import ModelCore

/// Reads a safetensors header: length, then rows, then the check that they cover the data.
enum SafetensorsHeader {
  /// Bytes of the length before the header.
  static let lengthByteCount = 8

  /// Bytes of what a header says of one tensor; room for some hundred dimensions.
  private static let longestRow = 4096

  /// What the header says of one tensor. Offsets count from the start of the data.
  struct Row {
    let name: String
    let type: StoredType
    let shape: [Int]
    let elementCount: Int
    let begin: Int
    let end: Int
  }

  /// The header's length, which is within the file.
  static func length(_ bytes: UnsafeRawBufferPointer, path: String) throws(CheckpointError) -> Int {
    guard bytes.count >= lengthByteCount else { throw .noHeader(path: path, size: bytes.count) }
    let stored = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard let length = Int(exactly: stored), length <= SafetensorsFile.maximumHeaderLength else {
      throw .headerTooLong(path: path, length: stored, limit: SafetensorsFile.maximumHeaderLength)
    }
    guard length <= bytes.count - lengthByteCount else {
      throw .headerBeyondFile(path: path, length: length, available: bytes.count - lengthByteCount)
    }
    return length
  }

  /// One row a tensor, in the order of the data.
  static func rows(_ header: UnsafeRawBufferPointer, path: String) throws(CheckpointError) -> [Row] {
    guard header.first == UInt8(ascii: "{") else { throw .headerNotObject(path: path, found: header.first) }
    let members = try reading { () throws(ModelCoreError) in try JSONDocument.members(header, path: path) }
    var rows: [Row] = []
    for (name, range) in members {
      // One at a time: a header may have 100 MB, and json-c takes many times the text.
      guard name == "__metadata__" || range.count <= longestRow else {
        throw .rowTooLong(path: path, tensor: name, found: range.count, limit: longestRow)
      }
      let bytes = UnsafeRawBufferPointer(rebasing: header[range])
      if name == "__metadata__" {
        try reading { () throws(ModelCoreError) in try checkMetadata(bytes, path: path) }
      } else {
        let value = try reading { () throws(ModelCoreError) in
          try JSONDocument(bytes, path: path, field: name).root
        }
        rows.append(try row(name, value, path: path))
      }
    }
    return rows.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
  }

  /// The rows, in the order of the data, must cover `dataSize` bytes exactly.
  static func validate(_ rows: [Row], dataSize: Int, path: String) throws(CheckpointError) {
    var expected = 0
    var previous = ""
    for row in rows {
      guard row.end <= dataSize else {
        throw .offsetsBeyondData(path: path, tensor: row.name, end: row.end, available: dataSize)
      }
      if row.begin < expected {
        throw .overlap(path: path, tensor: row.name, previous: previous, expected: expected, found: row.begin)
      }
      if row.begin > expected { throw .hole(path: path, tensor: row.name, expected: expected, found: row.begin) }
      expected = row.end
      previous = row.name
    }
    guard expected == dataSize else { throw .trailingBytes(path: path, expected: expected, found: dataSize) }
  }

  /// `__metadata__` is a map of strings to strings; nothing in it says anything about inference.
  private static func checkMetadata(_ bytes: UnsafeRawBufferPointer, path: String) throws(ModelCoreError) {
    guard bytes.first == UInt8(ascii: "{") else {
      throw try JSONDocument(bytes, path: path, field: "__metadata__").root.unexpected("an object")
    }
    for (key, range) in try JSONDocument.members(bytes, path: path) where bytes[range.lowerBound] != UInt8(ascii: "\"")
    {
      let value = UnsafeRawBufferPointer(rebasing: bytes[range])
      throw try JSONDocument(value, path: path, field: "__metadata__.\(key)").root.unexpected("a string")
    }
  }

  private static func row(_ name: String, _ value: JSONValue, path: String) throws(CheckpointError) -> Row {
    let fields: (type: JSONValue, shape: [JSONValue], offsets: JSONValue)
    do {
      fields = (
        try value.required("dtype"), try value.required("shape").elements(), try value.required("data_offsets")
      )
    } catch {
      throw .core(error)
    }
    for key in value.keys where !["dtype", "shape", "data_offsets"].contains(key) {
      throw .unknownTensorField(path: path, tensor: name, field: key)
    }
    guard let type = fields.type.string.flatMap(StoredType.init(name:)) else {
      throw .unknownElementType(path: path, tensor: name, found: fields.type.found)
    }
    var shape: [Int] = []
    for dimension in fields.shape {
      guard let size = dimension.int, size >= 0 else {
        throw .invalidDimension(path: path, tensor: name, found: dimension.found)
      }
      shape.append(size)
    }
    guard let elementCount = shape.checkedElementCount(), let byteCount = type.byteCount(elementCount) else {
      throw .shapeTooLarge(path: path, tensor: name, shape: shape, elementType: type.name)
    }
    let (begin, end) = try offsets(fields.offsets, tensor: name, path: path)
    guard end - begin == byteCount else {
      throw .wrongByteCount(
        path: path, tensor: name, shape: shape, elementType: type.name, expected: byteCount, found: end - begin)
    }
    return Row(name: name, type: type, shape: shape, elementCount: elementCount, begin: begin, end: end)
  }

  private static func offsets(
    _ value: JSONValue, tensor: String, path: String
  ) throws(CheckpointError) -> (begin: Int, end: Int) {
    guard value.count == 2, let begin = value.element(0).int, let end = value.element(1).int, begin >= 0, end >= 0
    else {
      let found = value.count.map { (0..<min($0, 3)).map { value.element($0).found }.joined(separator: ", ") }
      throw .invalidOffsets(path: path, tensor: tensor, found: found.map { "[\($0)]" } ?? value.found)
    }
    guard begin <= end else { throw .reversedOffsets(path: path, tensor: tensor, begin: begin, end: end) }
    return (begin, end)
  }
}
