import Checkpoints
import GLCFormat
import ModelCore
import Quantization

/// What to convert, and how.
public struct ConversionOptions: Sendable {
  /// A Hugging Face folder, or a file of weights with the other files beside it.
  public var input: String
  /// The `.glc` to write.
  public var output: String
  /// How weights are stored.
  public var scheme: WeightScheme
  /// The folder of a LoRA adapter to merge into the weights.
  public var adapter: String?

  /// What to convert, int8 unless said otherwise.
  public init(input: String, output: String, scheme: WeightScheme = .q8, adapter: String? = nil) {
    self.adapter = adapter
    self.input = input
    self.output = output
    self.scheme = scheme
  }
}

/// Turns a checkpoint into a `.glc`: the module's main path, in run order.
public struct Converter {
  /// The version that the file records as its maker.
  public static let version = "0.1.0"

  private let options: ConversionOptions
  private let progress: (Double) -> Void

  /// - Parameter progress: called with the part of the work that is done, 0 to 1.
  public init(_ options: ConversionOptions, progress: @escaping (Double) -> Void = { _ in }) {
    self.options = options
    self.progress = progress
  }

  /// Converts, and writes the output whole or not at all.
  public func run() throws(ConversionError) -> ConversionSummary {
    let checkpoint = try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      try Checkpoint.open(options.input, adapter: options.adapter)
    }
    try Self.refuseOverwriting(checkpoint, output: options.output)
    let table = TensorTable(checkpoint.configuration)
    let views = try require(table, checkpoint)
    // Hashing takes as long as quantizing: it has a thread of its own, and reads the file by itself.
    let digest = PendingDigest(checkpoint)
    let tokenizer = try CompiledSource(checkpoint)
    let relative = try RelativeProjection(checkpoint, table)
    let writer = try makeWriter(table, tokenizer.bytes, checkpoint)
    let worst = try writeTensors(table, views, relative, checkpoint, writer)
    let metadata = ConversionMetadata(
      configuration: checkpoint.configuration, scheme: options.scheme, tokenizer: tokenizer,
      files: try SourceFiles(checkpoint, weights: digest.wait()))
    let size = try lifting(ConversionError.format) { () throws(GLCFormatError) in
      try writer.finish(metadata: metadata.json.text())
    }
    return ConversionSummary(
      output: options.output, tensorCount: table.rows.count, sourceSize: checkpoint.weights.size,
      outputSize: size, tokenizerSize: tokenizer.bytes.count, worst: worst,
      unread: checkpoint.unusedTensorNames(asked: table.requirements.map(\.name)),
      contentDigest: metadata.files.contentDigest)
  }

  /// Every tensor that the table asks for, all missing ones reported at once, and no others in the file.
  private func require(_ table: TensorTable, _ checkpoint: Checkpoint) throws(ConversionError) -> [String: TensorView] {
    let requirements = table.requirements
    let views = try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      try checkpoint.require(requirements)
    }
    let unknown = checkpoint.unusedTensorNames(asked: requirements.map(\.name)).filter {
      !TensorTable.unread.contains($0)
    }
    guard unknown.isEmpty else { throw .unknownTensors(path: checkpoint.files.weights, names: unknown) }
    return Dictionary(views.map { ($0.name, $0) }) { first, _ in first }
  }

  private func makeWriter(
    _ table: TensorTable, _ tokenizer: [UInt8], _ checkpoint: Checkpoint
  ) throws(ConversionError) -> GLCWriter {
    var records: [TensorRecord] = []
    for row in table.rows {
      let (encoding, layout) = options.scheme.form(row.role)
      guard let record = TensorRecord(name: row.name, encoding: encoding, layout: layout, shape: row.shape) else {
        throw .tooLarge(path: checkpoint.files.weights, tensor: row.source)
      }
      records.append(record)
    }
    return try lifting(ConversionError.format) { () throws(GLCFormatError) in
      try GLCWriter(path: options.output, records: records, tokenizer: tokenizer)
    }
  }

  /// Streams every tensor into the file.
  /// - Returns: the quantized tensor with the largest relative error.
  private func writeTensors(
    _ table: TensorTable, _ views: [String: TensorView], _ relative: RelativeProjection, _ checkpoint: Checkpoint,
    _ writer: GLCWriter
  ) throws(ConversionError) -> ConversionSummary.TensorError? {
    let total = table.rows.reduce(0) { $0 + $1.shape.reduce(1, *) }
    var done = 0
    var worst: ConversionSummary.TensorError?
    for record in writer.records {
      guard let row = table.rows.first(where: { $0.name == record.name }), let view = views[row.source] else {
        preconditionFailure("\(record.name) is not in the table")
      }
      let stream = MatrixStream(
        writer: writer, record: record, path: checkpoint.files.weights, tensor: row.source,
        matrixRows: row.shape.count == 1 ? 1 : row.shape[row.shape.count - 2],
        progress: { elements in
          done += elements
          progress(Double(done) / Double(total))
        })
      let error: QuantizationError
      if case .projectedRelative(let bias) = row.role {
        error = try stream.write(
          relative.project(
            weights: try RelativeProjection.floats(checkpoint, TensorRequirement(row.source, shape: row.sourceShape)),
            bias: try RelativeProjection.floats(
              checkpoint, TensorRequirement(bias, shape: [checkpoint.configuration.encoder.hiddenSize]))))
      } else {
        error = try stream.write(CheckpointRows(view))
      }
      if record.encoding == .int8, error.relative >= worst?.relative ?? 0 {
        worst = ConversionSummary.TensorError(tensor: record.name, relative: error.relative)
      }
    }
    return worst
  }
}

/// What a conversion did.
public struct ConversionSummary: Sendable {
  /// ‖w − ŵ‖ ÷ ‖w‖ of one tensor.
  public struct TensorError: Sendable {
    /// The tensor's name in the `.glc`.
    public var tensor: String
    /// ‖w − ŵ‖ ÷ ‖w‖, Frobenius norms.
    public var relative: Double
  }

  /// The file written.
  public var output: String
  /// Tensors in the file.
  public var tensorCount: Int
  /// Bytes of the weights read, of the file written, and of the compiled tokenizer in it.
  public var sourceSize: Int
  /// Bytes of the file written.
  public var outputSize: Int
  /// Bytes of the compiled tokenizer in it.
  public var tokenizerSize: Int
  /// The quantized tensor with the largest relative error; `nil` where none is quantized.
  public var worst: TensorError?
  /// Tensors of the checkpoint that the configuration does not read.
  public var unread: [String]
  /// `sha256:` and the digest that identifies the checkpoint whatever its container.
  public var contentDigest: String
}
