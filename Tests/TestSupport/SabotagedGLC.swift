import Foundation

/// A `.glc` taken apart, changed on purpose, and put together again with every checksum and channel sum true: what no reader can
/// refuse, and only a comparison can find. Written from formats/glc.md, not from the code under test.
///
/// ```swift
/// var file = try SabotagedGLC(path: good)
/// try file.zeroTile("layers.2.attention.value.weight", block: 1, tile: 1)
/// try file.setMetadata("model.layer_norm_epsilon", to: 1e-4)
/// try file.write(to: bad)
/// ```
public struct SabotagedGLC {
  /// A tensor: its record and its extent.
  public struct Tensor {
    /// The name.
    public var name: String
    /// The 128 bytes of its record, of which name, extent and checksum are filled in when the file is written.
    public var record: [UInt8]
    /// Codes, scales and what else there is.
    public var extent: [UInt8]
  }

  /// What cannot be sabotaged.
  public struct Failure: Error, CustomStringConvertible {
    /// What was expected.
    public let description: String

    init(_ description: String) { self.description = description }
  }

  /// All tensors.
  public var tensors: [Tensor]
  /// The metadata as text.
  public var metadata: [UInt8]
  /// The compiled tokenizer.
  public var tokenizer: [UInt8]
  private var fixedHeader: [UInt8]
  /// Kinds of the sections in the order of the file.
  private var kinds: [Int]

  /// Takes the good file at `path` apart.
  public init(path: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    guard bytes.starts(with: Self.magic) else { throw Failure("\(path) is no .glc") }
    fixedHeader = Array(bytes[..<64])
    var parts: [Int: ArraySlice<UInt8>] = [:]
    kinds = []
    for index in 0..<bytes.integer(at: 28, 4) {
      let entry = 64 + 32 * index
      let (offset, size) = (bytes.integer(at: entry + 8, 8), bytes.integer(at: entry + 16, 8))
      kinds.append(bytes.integer(at: entry, 4))
      parts[kinds[index]] = bytes[offset..<offset + size]
    }
    guard let metadata = parts[1], let directory = parts[2], let tokenizer = parts[3], let data = parts[4],
      kinds.count == 4
    else { throw Failure("\(path) has other sections than the four") }
    self.metadata = Array(metadata)
    self.tokenizer = Array(tokenizer)
    tensors = Self.tensors(Array(directory), data)
  }

  /// A tensor by its name.
  public func tensor(_ name: String) throws -> Tensor { tensors[try index(of: name)] }

  /// Changes a tensor, and makes its channel sums true again.
  public mutating func change(_ name: String, _ body: (inout Tensor) throws -> Void) throws {
    let index = try index(of: name)
    try body(&tensors[index])
    tensors[index].sumChannels()
  }

  func index(of name: String) throws -> Int {
    guard let index = tensors.firstIndex(where: { $0.name == name }) else { throw Failure("no tensor \(name)") }
    return index
  }

  private static func tensors(_ directory: [UInt8], _ data: ArraySlice<UInt8>) -> [Tensor] {
    let count = directory.integer(at: 0, 4)
    let names = 16 + 128 * count
    return (0..<count).map { index in
      let record = Array(directory[(16 + 128 * index)..<(144 + 128 * index)])
      let start = names + record.integer(at: 0, 4)
      let offset = data.startIndex + record.integer(at: 32, 8)
      return Tensor(
        name: String(decoding: directory[start..<start + record.integer(at: 4, 4)], as: UTF8.self), record: record,
        extent: Array(data[offset..<offset + record.integer(at: 40, 8)]))
    }
  }
}

extension SabotagedGLC {
  static let magic: [UInt8] = [0x89, 0x47, 0x4C, 0x43, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let alignment = 65_536

  /// Writes the file, with names in order, extents without gaps, and true checksums.
  public func write(to path: String) throws {
    try Data(bytes()).write(to: URL(filePath: path))
  }

  /// The bytes of the file.
  public func bytes() -> [UInt8] {
    let (directory, data) = directoryAndData()
    let contents = [1: metadata, 2: directory, 3: tokenizer, 4: data]
    let headerSize = 64 + 32 * kinds.count
    var bytes = fixedHeader + [UInt8](repeating: 0, count: headerSize - 64)
    for (index, kind) in kinds.enumerated() {
      let content = contents[kind] ?? []
      bytes.pad(to: Self.alignment)
      let entry = 64 + 32 * index
      bytes.set(entry, 4, to: kind)
      bytes.set(entry + 8, 8, to: bytes.count)
      bytes.set(entry + 16, 8, to: content.count)
      bytes.set(entry + 24, 4, to: kind == 4 ? 0 : Self.crc32(content))
      bytes += content
    }
    bytes.set(12, 4, to: headerSize)
    bytes.set(16, 8, to: bytes.count)
    bytes.set(28, 4, to: kinds.count)
    bytes.set(32, 4, to: 0)
    bytes.set(32, 4, to: Self.crc32(Array(bytes[..<headerSize])))
    return bytes
  }

  private func directoryAndData() -> (directory: [UInt8], data: [UInt8]) {
    var (records, names, data): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      var record = tensor.record
      let name = Array(tensor.name.utf8)
      record.set(0, 4, to: names.count)
      record.set(4, 4, to: name.count)
      record.set(32, 8, to: data.count)
      record.set(40, 8, to: tensor.extent.count)
      record.set(48, 4, to: Self.crc32(tensor.extent))
      records += record
      names += name
      data += tensor.extent
    }
    var directory = [UInt8](repeating: 0, count: 16)
    directory.set(0, 4, to: tensors.count)
    directory.set(4, 4, to: 128)
    directory.set(8, 4, to: names.count)
    return (directory + records + names, data)
  }

  private static let crcTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
  }

  /// IEEE 802.3.
  static func crc32(_ bytes: [UInt8]) -> Int {
    Int(~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] })
  }
}

extension [UInt8] {
  /// The little-endian integer at `offset`.
  func integer(at offset: Int, _ size: Int) -> Int {
    Int(truncatingIfNeeded: (0..<size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(self[offset + $1]) })
  }

  mutating func set(_ offset: Int, _ size: Int, to value: Int) {
    let bits = UInt64(bitPattern: Int64(value))
    for index in 0..<size { self[offset + index] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(index))) }
  }

  mutating func pad(to alignment: Int) {
    self += [UInt8](repeating: 0, count: (alignment - count % alignment) % alignment)
  }
}
