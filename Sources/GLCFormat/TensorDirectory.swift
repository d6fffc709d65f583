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
      body.append(littleEndian: UInt32(record.groupSize))
      body.append(littleEndian: UInt32(record.rowsPerScale))
      body.append(littleEndian: UInt32(0))
      for part in [
        record.codesSize, record.scalesOffset, record.channelSumsOffset, record.inputScalesOffset,
        record.multipliersOffset, 0, 0, 0,
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
    var record = try form(name: name, part: part)
    try checkParts(of: record, part: part)
    let offset = bytes.integer(at: 32, UInt64.self)
    let size = bytes.integer(at: 40, UInt64.self)
    guard offset % UInt64(TensorRecord.extentAlignment) == 0, size == UInt64(record.extent.count),
      let end = offset.checkedAdding(size), end <= UInt64(dataSize)
    else {
      throw malformed(
        part, "\(record.extent.count) bytes at a multiple of 64 within \(dataSize)", "\(size) bytes at \(offset)")
    }
    record.extent = Int(offset)..<Int(end)
    record.checksum = bytes.integer(at: 48, UInt32.self)
    return record
  }

  /// The tensor as its encoding, layout, shape and group size make it.
  private func form(name: String, part: String) throws(GLCFormatError) -> TensorRecord {
    guard let encoding = TensorEncoding(rawValue: bytes.integer(at: 8, UInt16.self)) else {
      throw malformed(part, "encoding 1 to 5", "\(bytes.integer(at: 8, UInt16.self))")
    }
    guard let layout = TensorLayout(rawValue: bytes.integer(at: 10, UInt16.self)) else {
      throw malformed(part, "layout 1 to 3", "\(bytes.integer(at: 10, UInt16.self))")
    }
    let rank = bytes.integer(at: 12, UInt32.self)
    guard (1...3).contains(rank) else { throw malformed(part, "rank 1 to 3", "\(rank)") }
    guard TensorRecord.isStorable(encoding, layout, rank: Int(rank)) else {
      throw malformed(part, TensorRecord.storableForms(of: encoding), "\(encoding) in \(layout) of rank \(rank)")
    }
    let shape = (0..<Int(rank)).map { Int(bytes.integer(at: 16 + 4 * $0, UInt32.self)) }
    let groupSize = Int(bytes.integer(at: 52, UInt32.self))
    let groupSizes = encoding == .int4 ? TensorRecord.groupSizes(columns: shape[shape.count - 1]) : [0]
    guard groupSizes.contains(groupSize) else {
      let expected = groupSizes.map(String.init).joined(separator: ", ")
      throw malformed(part, groupSizes.count > 1 ? "a group size of \(expected)" : "no group size", "\(groupSize)")
    }
    let hasInputScales = bytes.integer(at: 88, UInt64.self) != 0
    guard !hasInputScales || TensorRecord.takesInputScales(encoding, layout, rank: Int(rank)) else {
      throw malformed(
        part, "input scales only in int8 or int4 tiles of rank 2", "some in \(encoding) \(layout) of rank \(rank)")
    }
    guard
      let record = TensorRecord(
        name: name, encoding: encoding, layout: layout, shape: shape, groupSize: groupSize,
        hasInputScales: hasInputScales)
    else { throw malformed(part, "a shape that fits its layout", "\(layout) \(shape)") }
    return record
  }

  private func checkParts(of record: TensorRecord, part: String) throws(GLCFormatError) {
    let rowsPerScale = bytes.integer(at: 56, UInt32.self)
    guard rowsPerScale == UInt32(record.rowsPerScale) else {
      throw malformed(part, "\(record.rowsPerScale) rows per scale", "\(rowsPerScale)")
    }
    for (name, offset, expected) in [
      ("codes of size", 64, record.codesSize), ("scales at", 72, record.scalesOffset),
      ("channel sums at", 80, record.channelSumsOffset), ("input scales at", 88, record.inputScalesOffset),
      ("multipliers at", 96, record.multipliersOffset),
    ] {
      let found = bytes.integer(at: offset, UInt64.self)
      guard found == UInt64(expected) else { throw malformed(part, "\(name) \(expected)", "\(found)") }
    }
  }

  private func malformed(_ part: String, _ expected: String, _ found: String) -> GLCFormatError {
    .malformed(path: path, part: part, expected: expected, found: found)
  }
}
