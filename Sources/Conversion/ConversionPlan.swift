import Checkpoints
import GLCFormat
import ModelCore

/// What a conversion would do, found out without writing.
public struct ConversionPlan: Sendable {
  /// One tensor of the output.
  public struct Tensor: Sendable {
    /// Name in the `.glc`.
    public var name: String
    /// Encoding, layout and shape there, as `int8 tiles [768, 768]`.
    public var form: String
    /// Bytes there.
    public var size: Int
    /// Name in the checkpoint.
    public var source: String
    /// Element type in the checkpoint.
    public var sourceType: String
    /// Shape in the checkpoint.
    public var sourceShape: [Int]
    /// Whether an adapter is merged into it.
    public var isMerged: Bool
  }

  /// What was read.
  public let input: ConversionInput
  /// Every tensor that would be written, in the order of the file.
  public let tensors: [Tensor]
  /// Tensors that are computed into others, as the relative embeddings are: name, type and shape.
  public let projected: [(name: String, type: String, shape: [Int])]
  /// Bytes of the file that would be written.
  public let outputSize: Int

  init(input: ConversionInput, mapping: TensorMapping, layout: GLCLayout, outputSize: Int) {
    self.input = input
    self.outputSize = outputSize
    projected = mapping.projected.map { ($0.name, $0.dtypeName, $0.shape) }
    tensors = layout.records.compactMap { record in
      mapping.row(of: record.name).map { row, view in
        Tensor(
          name: record.name, form: record.summary, size: record.extent.count, source: view.name,
          sourceType: view.dtypeName, sourceShape: view.shape, isMerged: view.isMerged)
      }
    }
  }
}
