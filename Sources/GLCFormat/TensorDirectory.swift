import ModelCore

/// The tensor directory section: records sorted by name.
enum TensorDirectory {
  static let headerSize = 16

  /// The bytes of the section.
  static func encoded(_ records: [TensorRecord]) -> [UInt8] {
    var names: [UInt8] = []
    var body: [UInt8] = []
    for record in records {
      let name = Array(record.name.utf8)
      body.append(littleEndian: UInt32(names.count))
      body.append(littleEndian: UInt32(name.count))
      body.append(littleEndian: record.encoding.rawValue)
      body.append(littleEndian: record.layout.rawValue)
      body.append(littleEndian: UInt32(record.shape.count))
      for axis in 0..<4 { body.append(littleEndian: UInt32(axis < record.shape.count ? record.shape[axis] : 1)) }
      body.append(littleEndian: UInt64(record.extent.lowerBound))
      body.append(littleEndian: UInt64(record.extent.count))
      body.append(littleEndian: record.checksum)
      body.append(littleEndian: UInt32(0))
      body.append(littleEndian: UInt32(record.rowsPerScale))
      body.append(littleEndian: UInt32(0))
      for part in [
        record.codesSize, record.scalesOffset, record.channelSumsOffset, record.inputScalesOffset, 0, 0, 0, 0,
      ] { body.append(littleEndian: UInt64(part)) }
      names += name
    }
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(records.count))
    bytes.append(littleEndian: UInt32(TensorRecord.size))
    bytes.append(littleEndian: UInt32(names.count))
    bytes.append(littleEndian: UInt32(0))
    return bytes + body + names
  }

  /// Reads and checks every record. `dataSize` is the size of the tensor data section.
  static func decode(
    _ section: UnsafeRawBufferPointer, dataSize: Int, path: String
  ) throws(GLCFormatError) -> [TensorRecord] {
    guard section.count >= headerSize else {
      throw .malformed(
        path: path, part: "tensor directory", expected: "at least \(headerSize) bytes", found: "\(section.count)")
    }
    let count = Int(section.integer(at: 0, UInt32.self))
    let recordSize = Int(section.integer(at: 4, UInt32.self))
    let namesSize = Int(section.integer(at: 8, UInt32.self))
    let namesStart = headerSize + count * TensorRecord.size
    guard recordSize == TensorRecord.size, namesStart + namesSize == section.count else {
      throw .malformed(
        path: path, part: "tensor directory", expected: "records of \(TensorRecord.size) bytes that fill the section",
        found: "\(count) records of \(recordSize) bytes, \(namesSize) bytes of names, \(section.count) bytes in all")
    }
    let names = UnsafeRawBufferPointer(rebasing: section[namesStart...])
    var records: [TensorRecord] = []
    records.reserveCapacity(count)
    var nameOffset = 0
    for index in 0..<count {
      let start = headerSize + index * TensorRecord.size
      let bytes = UnsafeRawBufferPointer(rebasing: section[start..<start + TensorRecord.size])
      let decoder = RecordDecoder(bytes: bytes, names: names, nameOffset: nameOffset, path: path, index: index)
      records.append(try decoder.decode(dataSize: dataSize))
      nameOffset += decoder.nameSize
    }
    guard nameOffset == namesSize else {
      throw .malformed(
        path: path, part: "tensor directory", expected: "\(nameOffset) bytes of names", found: "\(namesSize)")
    }
    try checkOrder(records, path: path)
    return records
  }

  private static func checkOrder(_ records: [TensorRecord], path: String) throws(GLCFormatError) {
    for (previous, next) in zip(records, records.dropFirst())
    where !previous.name.utf8.lexicographicallyPrecedes(next.name.utf8) {
      throw .malformed(
        path: path, part: "tensor directory", expected: "names in ascending order, each once",
        found: "\(next.name) after \(previous.name)")
    }
    let extents = records.filter { !$0.extent.isEmpty }.sorted { $0.extent.lowerBound < $1.extent.lowerBound }
    for (previous, next) in zip(extents, extents.dropFirst())
    where previous.extent.upperBound > next.extent.lowerBound {
      throw .malformed(
        path: path, part: "tensor \(next.name)", expected: "an extent of its own",
        found: "one that overlaps that of \(previous.name)")
    }
  }
}

/// Reads one record: its parts must be exactly those that its encoding, layout and shape call for.
private struct RecordDecoder {
  let bytes: UnsafeRawBufferPointer
  let names: UnsafeRawBufferPointer
  /// Where the name must begin: names follow each other, so that all of them together are no longer than the section.
  let nameOffset: Int
  let path: String
  let index: Int

  var nameSize: Int { Int(bytes.integer(at: 4, UInt32.self)) }

  func decode(dataSize: Int) throws(GLCFormatError) -> TensorRecord {
    let foundOffset = Int(bytes.integer(at: 0, UInt32.self))
    guard nameSize > 0, foundOffset == nameOffset, nameOffset + nameSize <= names.count else {
      throw malformed(
        "record \(index)", "a name at \(nameOffset), inside \(names.count) bytes",
        "\(nameSize) bytes at \(foundOffset)")
    }
    let name = String(decoding: names[nameOffset..<nameOffset + nameSize], as: UTF8.self)
    let part = "tensor \(name)"
    guard let encoding = TensorEncoding(rawValue: bytes.integer(at: 8, UInt16.self)), encoding != .int4 else {
      throw malformed(part, "encoding 1 to 4", "\(bytes.integer(at: 8, UInt16.self))")
    }
    guard let layout = TensorLayout(rawValue: bytes.integer(at: 10, UInt16.self)) else {
      throw malformed(part, "layout 1 to 3", "\(bytes.integer(at: 10, UInt16.self))")
    }
    let rank = bytes.integer(at: 12, UInt32.self)
    guard (1...3).contains(rank) else { throw malformed(part, "rank 1 to 3", "\(rank)") }
    let shape = (0..<Int(rank)).map { Int(bytes.integer(at: 16 + 4 * $0, UInt32.self)) }
    let hasInputScales = bytes.integer(at: 88, UInt64.self) != 0
    guard
      var record = TensorRecord(
        name: name, encoding: encoding, layout: layout, shape: shape, hasInputScales: hasInputScales)
    else { throw malformed(part, "a shape that fits its layout", "\(layout) \(shape)") }
    let offset = bytes.integer(at: 32, UInt64.self)
    let size = bytes.integer(at: 40, UInt64.self)
    guard offset % UInt64(TensorRecord.extentAlignment) == 0, size == UInt64(record.extent.count),
      let end = offset.checkedAdding(size), end <= UInt64(dataSize)
    else {
      throw malformed(
        part, "\(record.extent.count) bytes at a multiple of 64 within \(dataSize)", "\(size) bytes at \(offset)")
    }
    let parts =
      [52, 56].map { UInt64(bytes.integer(at: $0, UInt32.self)) }
      + [64, 72, 80, 88, 96].map { bytes.integer(at: $0, UInt64.self) }
    let expected = [
      0, record.rowsPerScale, record.codesSize, record.scalesOffset, record.channelSumsOffset,
      record.inputScalesOffset, 0,
    ].map(UInt64.init)
    guard parts == expected else { throw malformed(part, "parts at \(expected)", "\(parts)") }
    record.extent = Int(offset)..<Int(end)
    record.checksum = bytes.integer(at: 48, UInt32.self)
    return record
  }

  private func malformed(_ part: String, _ expected: String, _ found: String) -> GLCFormatError {
    .malformed(path: path, part: part, expected: expected, found: found)
  }
}
