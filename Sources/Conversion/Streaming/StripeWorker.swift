import GLCFormat
import ModelCore
import Quantization

/// What a row becomes.
struct StoredForm: Sendable {
  let encoding: TensorEncoding
  let layout: TensorLayout
  let paddedColumns: Int
  /// Groups of a row as stored.
  let groups: Int

  init(_ record: TensorRecord, _ geometry: TensorRecord.Geometry) {
    encoding = record.encoding
    layout = record.layout
    paddedColumns = geometry.paddedColumns
    groups = geometry.groups
  }

  /// Bytes that the codes or values of `rows` rows take.
  func byteCount(_ rows: Int) -> Int {
    let count = storedRows(rows) * paddedColumns
    switch encoding {
    case .int4: return count / 2
    case .int8: return count
    case .f16, .bf16: return count * 2
    case .f32: return count * 4
    }
  }

  /// Multipliers of `rows` rows, a byte each.
  func multiplierCount(_ rows: Int) -> Int { storedRows(rows) * groups }

  private func storedRows(_ rows: Int) -> Int {
    layout == .rows ? rows : rows.roundedUp(toMultipleOf: TileLayout.channels)
  }
}

/// The parts of an extent behind the codes, while they are collected. Every row writes its own entries.
struct RowParts: @unchecked Sendable {
  /// One a row as stored; zeros in the padding.
  let scales: UnsafeMutableBufferPointer<Float>
  let sums: UnsafeMutableBufferPointer<Int32>
  /// As stored.
  let multipliers: UnsafeMutableBufferPointer<UInt8>

  init(_ geometry: TensorRecord.Geometry) {
    scales = .allocate(capacity: geometry.scaleCount)
    sums = .allocate(capacity: geometry.scaleCount)
    multipliers = .allocate(capacity: geometry.multiplierCount)
    scales.initialize(repeating: 0)
    sums.initialize(repeating: 0)
    multipliers.initialize(repeating: 1)
  }

  func deallocate() {
    scales.deallocate()
    sums.deallocate()
    multipliers.deallocate()
  }
}

/// The buffers and results of one core.
final class StripeWorker: @unchecked Sendable {
  private let form: StoredForm
  private let quantizer: RowQuantizer
  private let columns: Int
  private let floats: UnsafeMutableBufferPointer<Float>
  private let codes: UnsafeMutableBufferPointer<Int8>
  private let multipliers: UnsafeMutableBufferPointer<UInt8>
  /// A row of int4 codes times their multipliers.
  private let products: UnsafeMutableBufferPointer<Int8>
  /// Values in 16 bits.
  private let halves: UnsafeMutableBufferPointer<UInt16>
  private let packed: UnsafeMutableRawBufferPointer
  private(set) var failure: ConversionError?
  private(set) var badRow: Int?
  /// A value that 16 bits cannot hold, and its row.
  private(set) var tooLarge: (row: Int, value: Float)?
  private(set) var error = QuantizationError()

  init(_ form: StoredForm, _ quantizer: RowQuantizer, rows: Int) {
    self.form = form
    self.quantizer = quantizer
    columns = quantizer.columns
    floats = .allocate(capacity: rows * columns)
    codes = .allocate(capacity: form.encoding.isQuantized ? rows * columns : 0)
    multipliers = .allocate(capacity: rows * quantizer.groups)
    products = .allocate(capacity: form.encoding == .int4 ? columns : 0)
    let isHalf = form.encoding == .f16 || form.encoding == .bf16
    halves = .allocate(capacity: isHalf ? rows * columns : 0)
    halves.initialize(repeating: 0)
    packed = .allocate(byteCount: form.byteCount(rows), alignment: 64)
    floats.initialize(repeating: 0)
    codes.initialize(repeating: 0)
    multipliers.initialize(repeating: 1)
    products.initialize(repeating: 0)
  }

  deinit {
    floats.deallocate()
    codes.deallocate()
    multipliers.deallocate()
    products.deallocate()
    halves.deallocate()
    packed.deallocate()
  }

  /// The stored bytes of the last stripe, which had `rows` rows.
  func output(_ rows: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: packed[..<form.byteCount(rows)])
  }

  /// Reads, quantizes and packs `rows`. What is kept of row r beside its codes goes to index r + `shift`.
  func run(_ source: some RowSource, _ rows: Range<Int>, _ parts: RowParts, at shift: Int) {
    failure = nil
    badRow = nil
    tooLarge = nil
    error = QuantizationError()
    guard !rows.isEmpty else { return }
    do throws(ConversionError) { try source.read(rows, into: floats) } catch {
      failure = error
      return
    }
    guard form.encoding.isQuantized else {
      packValues(rows.count, first: rows.lowerBound)
      return
    }
    guard quantize(rows, parts, at: shift) else { return }
    quantizer.compensate(rows.count, floats, codes, multipliers, parts.scales, at: rows.lowerBound + shift)
    sum(rows, parts, at: shift)
    packCodes(rows.count)
    packMultipliers(rows.count, parts, firstRow: rows.lowerBound + shift)
  }

  private func quantize(_ rows: Range<Int>, _ parts: RowParts, at shift: Int) -> Bool {
    guard let codeBase = codes.baseAddress, let multiplierBase = multipliers.baseAddress else { return false }
    for (local, row) in rows.enumerated() {
      let values = UnsafeMutableBufferPointer(rebasing: floats[local * columns..<(local + 1) * columns])
      let target = codeBase + local * columns
      let own = multiplierBase + local * quantizer.groups
      guard let scale = quantizer.quantize(row, values, into: target, multipliers: own) else {
        badRow = row
        return false
      }
      parts.scales[row + shift] = scale
    }
    return true
  }

  /// Adds up the codes of each row, and how far they are from its values.
  private func sum(_ rows: Range<Int>, _ parts: RowParts, at shift: Int) {
    guard let codeBase = codes.baseAddress, let multiplierBase = multipliers.baseAddress else { return }
    for (local, row) in rows.enumerated() {
      let values = UnsafeBufferPointer(rebasing: floats[local * columns..<(local + 1) * columns])
      let target = codeBase + local * columns
      let own = multiplierBase + local * quantizer.groups
      let effective = form.encoding == .int4 ? multiplied(target, own) : UnsafePointer(target)
      var sum: Int32 = 0
      for column in 0..<columns { sum &+= Int32(effective[column]) }
      parts.sums[row + shift] = sum
      error.add(values, codes: effective, scale: parts.scales[row + shift])
    }
  }

  /// The int8 codes that int4 codes stand for.
  private func multiplied(_ row: UnsafePointer<Int8>, _ multipliers: UnsafePointer<UInt8>) -> UnsafePointer<Int8> {
    for group in 0..<quantizer.groups {
      let multiplier = Int8(truncatingIfNeeded: multipliers[group])
      let end = min(columns, (group + 1) * quantizer.groupSize)
      for column in group * quantizer.groupSize..<end { products[column] = row[column] &* multiplier }
    }
    return UnsafePointer(products.baseAddress ?? UnsafeMutablePointer(mutating: row))
  }

  private func packCodes(_ count: Int) {
    switch (form.encoding, form.layout) {
    case (.int8, .tiles):
      guard let target = packed.bindMemory(to: Int8.self).baseAddress else { return }
      eachBlock(codes, count) { block, first, own in
        TileLayout.pack(
          rows: block, rowCount: own, columns: columns, paddedColumns: form.paddedColumns,
          into: target + first * form.paddedColumns)
      }
    case (.int4, .tiles):
      guard let target = packed.bindMemory(to: UInt8.self).baseAddress else { return }
      eachBlock(codes, count) { block, first, own in
        TileLayout.packNibbles(
          rows: block, rowCount: own, columns: columns, paddedColumns: form.paddedColumns,
          into: target + first * form.paddedColumns / 2)
      }
    case (.int4, _):
      guard let target = packed.bindMemory(to: UInt8.self).baseAddress else { return }
      for row in 0..<count {
        TileLayout.packNibbles(
          row: UnsafeBufferPointer(rebasing: codes[row * columns..<(row + 1) * columns]),
          paddedColumns: form.paddedColumns, into: target + row * form.paddedColumns / 2)
      }
    default:
      packed.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(codes)[..<(count * columns)]))
    }
  }

  private func packMultipliers(_ count: Int, _ parts: RowParts, firstRow: Int) {
    guard form.encoding == .int4, let target = parts.multipliers.baseAddress else { return }
    guard form.layout == .tiles else {
      for row in 0..<count {
        for group in 0..<quantizer.groups {
          target[(firstRow + row) * form.groups + group] = multipliers[row * quantizer.groups + group]
        }
      }
      return
    }
    for first in stride(from: 0, to: count, by: TileLayout.channels) {
      let own = min(TileLayout.channels, count - first)
      TileLayout.packMultipliers(
        rows: UnsafeBufferPointer(
          rebasing: multipliers[first * quantizer.groups..<(first + own) * quantizer.groups]),
        rowCount: own, rowGroups: quantizer.groups, groups: form.groups,
        into: target + (firstRow + first) * form.groups)
    }
  }

  private func packValues(_ count: Int, first row: Int) {
    let values = UnsafeMutableBufferPointer(rebasing: floats[..<(count * columns)])
    for index in values.indices where !values[index].isFinite {
      badRow = row + index / columns
      return
    }
    switch form.encoding {
    case .f16: packHalves(values, count, first: row) { Float16($0).bitPattern }
    case .bf16: packHalves(values, count, first: row, HalfPrecision.brainFloat)
    default: packStored(values, count)
    }
  }

  /// Values that would become infinite are refused.
  private func packHalves(
    _ values: UnsafeMutableBufferPointer<Float>, _ count: Int, first row: Int, _ rounded: (Float) -> UInt16
  ) {
    let limit = HalfPrecision.limit(form.encoding)
    if let index = values.firstIndex(where: { abs($0) >= limit }) {
      tooLarge = (row + index / columns, values[index])
      return
    }
    for index in values.indices { halves[index] = rounded(values[index]) }
    packStored(UnsafeMutableBufferPointer(rebasing: halves[..<values.count]), count)
  }

  private func packStored<Value: ExpressibleByIntegerLiteral>(
    _ values: UnsafeMutableBufferPointer<Value>, _ count: Int
  ) {
    guard let target = packed.bindMemory(to: Value.self).baseAddress, let source = values.baseAddress else { return }
    guard form.layout == .panels else {
      target.update(from: source, count: values.count)
      return
    }
    eachBlock(values, count) { block, first, own in
      TileLayout.packPanel(
        rows: block, rowCount: own, columns: columns, into: target + first * form.paddedColumns)
    }
  }

  /// Calls `body` with each block of up to 16 rows, its first row and how many there are.
  private func eachBlock<Element>(
    _ rows: UnsafeMutableBufferPointer<Element>, _ count: Int,
    _ body: (UnsafeBufferPointer<Element>, _ first: Int, _ count: Int) -> Void
  ) {
    for first in stride(from: 0, to: count, by: TileLayout.channels) {
      let own = min(TileLayout.channels, count - first)
      body(UnsafeBufferPointer(rebasing: rows[first * columns..<(first + own) * columns]), first, own)
    }
  }
}
