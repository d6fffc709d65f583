import Foundation

/// A safetensors file taken apart, to be put together wrongly.
struct Safetensors {
  /// What the header says of a tensor.
  struct Entry {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]
  }

  /// Tensors in the order of their data.
  private(set) var names: [String] = []
  var entries: [String: Entry] = [:]
  var data: [UInt8] = []
  /// What the first 8 bytes say; the header's true length if `nil`.
  var headerLength: UInt64?

  /// Reads the file at `path`, which is a good one.
  init(_ path: String = "\(Fixtures.tiny)/model.safetensors") throws {
    let file = try bytes(path)
    let length = file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: Data(file[8..<8 + length])) as? [String: Any] ?? [:]
    for (name, value) in header where name != "__metadata__" {
      guard let value = value as? [String: Any], let dtype = value["dtype"] as? String,
        let shape = value["shape"] as? [Int], let offsets = value["data_offsets"] as? [Int]
      else { throw HarnessError("\(path): \(name) is not a tensor") }
      entries[name] = Entry(dtype: dtype, shape: shape, offsets: offsets)
    }
    names = entries.sorted { $0.value.offsets[0] < $1.value.offsets[0] }.map(\.key)
    data = Array(file[(8 + length)...])
  }

  /// The file.
  var file: [UInt8] {
    let fields = entries.sorted { $0.key < $1.key }.map { name, entry in
      "\(Self.quoted(name)):{\"dtype\":\"\(entry.dtype)\",\"shape\":\(entry.shape),\"data_offsets\":\(entry.offsets)}"
    }
    let header = Array("{\(fields.joined(separator: ","))}".utf8)
    let length = headerLength ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + data
  }

  /// Gives `name` other data offsets, keeping its size.
  mutating func move(_ name: String, by distance: Int) {
    guard let offsets = entries[name]?.offsets else { return }
    entries[name]?.offsets = offsets.map { $0 + distance }
  }

  /// Adds a tensor of one f32 behind the others.
  mutating func append(_ name: String) {
    entries[name] = Entry(dtype: "F32", shape: [1], offsets: [data.count, data.count + 4])
    data += [0, 0, 0, 0]
  }

  /// Writes `value` over the element at `index` of an f32 tensor.
  mutating func set(_ name: String, _ index: Int, to value: Float) throws {
    guard let entry = entries[name], entry.dtype == "F32" else { throw HarnessError("\(name) is not an F32 tensor") }
    let start = entry.offsets[0] + 4 * index
    data.replaceSubrange(start..<start + 4, with: withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init))
  }

  private static func quoted(_ text: String) -> String {
    let data = (try? JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed)) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }
}
