import CKernels
import Checkpoints
import Dispatch
import ModelCore

/// Relative embeddings projected by a layer's query or key projection, which depends on weights alone and so is done once
/// (formats/glc.md, "Projected relative embeddings"; `DisentangledSelfAttention` of `transformers`, `share_att_key`).
struct RelativeProjection {
  private let encoder: EncoderConfiguration
  /// Normalized relative embeddings, transposed: [H][rows, padded to 16].
  private let transposed: [Float]
  private let paddedRows: Int

  /// Reads and normalizes the relative embeddings.
  init(
    _ checkpoint: Checkpoint, _ relativeEmbeddings: TensorRequirement,
    norm relativeNorm: (gain: TensorRequirement, bias: TensorRequirement)?
  ) throws(ConversionError) {
    let encoder = checkpoint.configuration.encoder
    self.encoder = encoder
    let rows = encoder.relativeRowCount
    let paddedRows = rows.roundedUp(toMultipleOf: 16)
    self.paddedRows = paddedRows
    let embeddings = try Self.finiteFloats(checkpoint, relativeEmbeddings)
    var norm: (gain: [Float], bias: [Float])?
    if let relativeNorm {
      norm = (
        try Self.finiteFloats(checkpoint, relativeNorm.gain), try Self.finiteFloats(checkpoint, relativeNorm.bias)
      )
    }
    var transposed = [Float](repeating: 0, count: encoder.hiddenSize * paddedRows)
    for row in 0..<rows {
      let values = embeddings[row * encoder.hiddenSize..<(row + 1) * encoder.hiddenSize]
      let normalized = norm.map { Self.normalize(values, $0.gain, $0.bias, Double(encoder.layerNormEpsilon)) }
      for (feature, value) in (normalized ?? Array(values)).enumerated() {
        transposed[feature * paddedRows + row] = value
      }
    }
    self.transposed = transposed
  }

  /// The projection by one layer's weights [H][H] and bias [H], as [heads][rows][head size].
  func project(weights: [Float], bias: [Float]) -> ComputedRows {
    let (hidden, size, rows) = (encoder.hiddenSize, encoder.headSize, encoder.relativeRowCount)
    let heads = encoder.headCount
    let values = [Float](unsafeUninitializedCapacity: heads * rows * size) { buffer, count in
      nonisolated(unsafe) let output = buffer
      DispatchQueue.concurrentPerform(iterations: heads) { head in
        let channels = [Double](unsafeUninitializedCapacity: size * paddedRows) { sums, sumCount in
          weights.withUnsafeBufferPointer { weights in
            bias.withUnsafeBufferPointer { bias in
              transposed.withUnsafeBufferPointer { x in
                glck_kernels_best().pointee.project_f64(
                  paddedRows, hidden, size, x.baseAddress, weights.baseAddress.map { $0 + head * size * hidden },
                  bias.baseAddress.map { $0 + head * size }, sums.baseAddress)
              }
            }
          }
          sumCount = size * paddedRows
        }
        for row in 0..<rows {
          for channel in 0..<size {
            output[(head * rows + row) * size + channel] = Float(channels[channel * paddedRows + row])
          }
        }
      }
      count = heads * rows * size
    }
    return ComputedRows(values: values, rows: heads * rows, columns: size)
  }

  /// LayerNorm in binary64, every sum in ascending order, rounded to f32.
  static func normalize(_ row: ArraySlice<Float>, _ gain: [Float], _ bias: [Float], _ epsilon: Double) -> [Float] {
    let count = Double(row.count)
    let mean = row.reduce(0.0) { $0 + Double($1) } / count
    let variance = row.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    let deviation = (variance + epsilon).squareRoot()
    return zip(row, zip(gain, bias)).map { value, affine in
      Float((Double(value) - mean) / deviation * Double(affine.0) + Double(affine.1))
    }
  }

  /// The tensor, which must be finite: what is computed from it goes by another's name.
  private static func finiteFloats(
    _ checkpoint: Checkpoint, _ requirement: TensorRequirement
  ) throws(ConversionError) -> [Float] {
    let values = try floats(checkpoint, requirement)
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      let columns = max(1, requirement.shape.last ?? 1)
      throw .notFinite(
        path: checkpoint.files.weights, tensor: requirement.name, row: requirement.shape.count > 1 ? index / columns : 0
      )
    }
    return values
  }

  static func floats(_ checkpoint: Checkpoint, _ requirement: TensorRequirement) throws(ConversionError) -> [Float] {
    try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      let view = try checkpoint.require(requirement.name, shape: requirement.shape)
      let values = try view.floats()
      view.discard(elements: 0..<view.elementCount)
      return values
    }
  }
}
