import Foundation
import GLCFormat
import ModelCore
import TestSupport

/// Files that hold the same model in other words, made of the parts that formats/glc.md describes.
enum RewrittenGLC {
  /// What a tensor becomes.
  struct Tensor {
    var record: TensorRecord
    /// Its extent.
    var bytes: [UInt8]
  }

  /// Writes `source` to `path` with some tensors changed; `nil` leaves one as it is.
  static func write(
    _ source: GLCFile, to path: String, _ change: (TensorRecord, UnsafeRawBufferPointer) throws -> Tensor?
  ) throws {
    let tensors = try source.records.map { record in
      let extent = source.extent(record)
      return try change(record, extent) ?? Tensor(record: record, bytes: Array(extent))
    }
    let writer = try GLCWriter(path: path, records: tensors.map(\.record), tokenizer: Array(source.tokenizerBytes))
    for tensor in tensors {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.bytes.count, alignment: 64)
      defer { buffer.deallocate() }
      buffer.copyBytes(from: tensor.bytes)
      try writer.append(UnsafeRawBufferPointer(buffer), to: tensor.record.name)
    }
    _ = try writer.finish(
      metadata: source.metadata.root.json.text(), majorVersion: source.configuration.formatVersion)
  }

  /// int4 as the int8 that it stands for, 16-bit floats as f32.
  static func widened(_ record: TensorRecord, _ extent: UnsafeRawBufferPointer) -> Tensor? {
    switch record.encoding {
    case .int4: return unpacked(record, extent)
    case .f16, .bf16:
      let values = (0..<record.codesSize / 2).map { index in
        let half = extent.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        return record.encoding == .f16
          ? Float(Float16(bitPattern: half)) : Float(bitPattern: UInt32(half) << 16)
      }
      return values.withUnsafeBytes { tensor(like: record, .f32, [(0, Array($0))]) }
    case .int8, .f32: return nil
    }
  }

  private static func unpacked(_ record: TensorRecord, _ extent: UnsafeRawBufferPointer) -> Tensor? {
    guard let stored = record.geometry else { return nil }
    let codes = Int4Codes(record, stored, extent)
    let isTiles = record.layout == .tiles
    let columns = isTiles ? stored.paddedColumns : record.shape[1]
    var bytes = [UInt8](repeating: 0, count: stored.paddedRows * columns)
    for row in 0..<stored.paddedRows {
      for feature in 0..<columns {
        let place =
          isTiles
          ? row / 16 * 16 * columns + feature / 4 * 64 + row % 16 * 4 + feature % 4 : row * columns + feature
        bytes[place] = UInt8(bitPattern: Int8(codes.value(row, feature)))
      }
    }
    guard let result = tensor(like: record, .int8, [(0, bytes)]) else { return nil }
    var parts = [(record.scalesOffset, result.record.scalesOffset, stored.scaleCount)]
    if isTiles { parts.append((record.channelSumsOffset, result.record.channelSumsOffset, stored.scaleCount)) }
    if record.inputScalesOffset > 0 {
      parts.append((record.inputScalesOffset, result.record.inputScalesOffset, stored.paddedColumns))
    }
    return result.replacing(parts.map { from, to, count in (to, Array(extent[from..<from + 4 * count])) })
  }

  /// The same tensor with input scales of `factor` for all features, and channel scales that take it back: for powers of two, not a bit
  /// of an output changes.
  static func scaled(_ record: TensorRecord, _ extent: UnsafeRawBufferPointer, by factor: Float) -> Tensor? {
    guard let stored = record.geometry, record.inputScalesOffset == 0,
      let other = TensorRecord(
        name: record.name, encoding: record.encoding, layout: record.layout, shape: record.shape,
        groupSize: record.groupSize, hasInputScales: true)
    else { return nil }
    let scales = (0..<stored.scaleCount).map {
      extent.loadUnaligned(fromByteOffset: record.scalesOffset + 4 * $0, as: Float.self) / factor
    }
    let inputs = (0..<stored.paddedColumns).map { $0 < record.shape[1] ? factor : 1 }
    let multipliers = record.multipliersOffset..<record.multipliersOffset + stored.multiplierCount
    let sums = record.channelSumsOffset..<record.channelSumsOffset + 4 * stored.scaleCount
    return Tensor(record: other, bytes: [UInt8](repeating: 0, count: other.extent.count)).replacing([
      (0, Array(extent[..<record.codesSize])), (other.scalesOffset, scales.withUnsafeBytes(Array.init)),
      (other.channelSumsOffset, Array(extent[sums])), (other.inputScalesOffset, inputs.withUnsafeBytes(Array.init)),
      (other.multipliersOffset, record.encoding == .int4 ? Array(extent[multipliers]) : []),
    ])
  }

  private static func tensor(
    like record: TensorRecord, _ encoding: TensorEncoding, _ parts: [(Int, [UInt8])]
  ) -> Tensor? {
    TensorRecord(
      name: record.name, encoding: encoding, layout: record.layout, shape: record.shape,
      hasInputScales: record.inputScalesOffset > 0
    ).map { Tensor(record: $0, bytes: [UInt8](repeating: 0, count: $0.extent.count)).replacing(parts) }
  }
}

extension RewrittenGLC.Tensor {
  /// The same with other bytes at some offsets.
  func replacing(_ parts: [(Int, [UInt8])]) -> Self {
    var result = self
    for (offset, bytes) in parts { result.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    return result
  }
}
