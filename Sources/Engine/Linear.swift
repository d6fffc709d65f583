import CKernels
import GLCFormat
import ModelCore

/// A linear layer as it lies in the file: y = x · Wᵀ + b.
struct Linear {
  enum Weights {
    case int8(tiles: UnsafePointer<Int8>, Channels)
    case int4(glck_tiles_s4, Channels)
    /// f32, f16 or bf16
    case floats(panels: FloatValues)
  }

  /// What products with quantized weights know of each output channel.
  struct Channels {
    let scales: UnsafePointer<Float>
    /// Sums of the int8 weights.
    let sums: UnsafePointer<Int32>
  }

  /// Input features K, and K as stored.
  let inputs: Int
  let paddedInputs: Int
  /// Output channels N, in blocks of 16.
  let outputs: Int
  let weights: Weights
  /// What rows are multiplied by, feature by feature, before they are quantized [K].
  let inputScales: UnsafePointer<Float>?
  let bias: UnsafePointer<Float>?

  /// Blocks of 16 output channels.
  var blocks: Int { (outputs + 15) / 16 }
  /// Whether it takes rows that are quantized.
  var isQuantized: Bool { if case .floats = weights { false } else { true } }

  /// Finds `name.weight` and, where it has one, `name.bias` in `file`.
  /// - Parameter isSmall: whether the weights are f32 in every file (formats/glc.md, "What version 2.0 adds").
  init(
    _ file: GLCFile, _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true, isSmall: Bool = false
  ) throws(EngineError) {
    self.inputs = inputs
    self.outputs = outputs
    bias = hasBias ? try file.vector("\(name).bias", count: outputs) : nil
    let weight = "\(name).weight"
    let record = try file.tensor(weight, shape: [outputs, inputs])
    let extent = file.extent(record)
    switch (record.encoding, record.layout) {
    case (.int8, .tiles) where !isSmall:
      weights = .int8(tiles: try extent.typed(Int8.self, at: 0, file, weight), try Channels(record, file))
    case (.int4, .tiles) where !isSmall:
      let packed = glck_tiles_s4(
        nibbles: try extent.typed(UInt8.self, at: 0, file, weight),
        multipliers: try extent.typed(UInt8.self, at: record.multipliersOffset, file, weight),
        group_size: record.groupSize)
      weights = .int4(packed, try Channels(record, file))
    case (.f32, .panels): weights = .floats(panels: try FloatValues(record, file))
    case (.f16, .panels) where !isSmall, (.bf16, .panels) where !isSmall:
      weights = .floats(panels: try FloatValues(record, file))
    default:
      throw .format(
        .unexpectedTensor(
          path: file.path, tensor: weight,
          expected: isSmall ? "f32 panels" : "int8 or int4 tiles, or f32, f16 or bf16 panels", found: record.summary))
    }
    guard case .floats = weights else {
      paddedInputs = inputs.roundedUp(toMultipleOf: 64)
      inputScales = try file.inputScales(record)
      // Sums of more products could leave 32 bits (formats/numerics.md 4).
      guard inputs <= Self.maximumQuantizedInputs else {
        throw .unsupported(
          path: file.path, field: weight, expected: "at most \(Self.maximumQuantizedInputs) quantized inputs",
          found: "\(inputs)")
      }
      return
    }
    paddedInputs = inputs
    inputScales = nil
  }

  static let maximumQuantizedInputs = 65_536

  /// Whether rows that are quantized for `other` are so for this layer: products of both may then share them.
  func sharesQuantization(with other: Linear) -> Bool {
    guard isQuantized == other.isQuantized, inputs == other.inputs else { return false }
    guard let own = inputScales, let others = other.inputScales else { return inputScales == other.inputScales }
    return (0..<inputs).allSatisfy { own[$0].bitPattern == others[$0].bitPattern }
  }
}

extension Linear.Channels {
  init(_ record: TensorRecord, _ file: GLCFile) throws(EngineError) {
    let extent = file.extent(record)
    scales = try extent.typed(Float.self, at: record.scalesOffset, file, record.name)
    sums = try extent.typed(Int32.self, at: record.channelSumsOffset, file, record.name)
  }

  /// From `channel` on.
  func advanced(by channel: Int) -> Self { Self(scales: scales + channel, sums: sums + channel) }
}

extension glck_tiles_s4 {
  /// The blocks of channels from `block` on, of rows of `features` features.
  func advanced(by block: Int, features: Int) -> Self {
    let groups = (features + group_size - 1) / group_size
    return Self(
      nibbles: nibbles + block * 8 * features, multipliers: multipliers + block * 16 * groups, group_size: group_size)
  }
}
