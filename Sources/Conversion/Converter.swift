import Checkpoints
import GLCFormat
import ModelCore
import Quantization
import Tokenization

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
  /// Whose reading of the tokenizer's files is meant.
  public var tokenizerProfile: TokenizerProfile
  /// How attention's products are to be computed; int8 needs int8 weights. `nil` leaves it to the model.
  public var attention: AttentionPrecision?

  /// What to convert, int8 unless said otherwise.
  public init(
    input: String, output: String, scheme: WeightScheme = .q8, adapter: String? = nil,
    tokenizerProfile: TokenizerProfile = .tokenizers, attention: AttentionPrecision? = nil
  ) {
    precondition(scheme == .q8 || attention != .int8, "attention in int8 needs int8 weights")
    self.attention = attention
    self.adapter = adapter
    self.tokenizerProfile = tokenizerProfile
    self.input = input
    self.output = output
    self.scheme = scheme
  }

  /// How the products of attention are computed where nobody says: in int8 where the weights are, and rows are so wide that the
  /// rounding of their heads averages out. All published models are.
  func attentionPrecision(_ encoder: EncoderConfiguration) -> AttentionPrecision {
    attention ?? (scheme == .q8 && encoder.hiddenSize >= Self.leastInt8AttentionSize ? .int8 : .f32)
  }

  private static let leastInt8AttentionSize = 256
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
    let checkpoint = try open()
    try Self.refuseOverwriting(checkpoint, output: options.output)
    let mapping = try TensorMapping(checkpoint)
    // Hashing takes as long as quantizing: it has a thread of its own, and reads the files by itself.
    let digest = PendingDigest(checkpoint)
    do throws(ConversionError) {
      return try write(mapping, checkpoint, digest)
    } catch {
      // Damaged weights may look like numbers that are not finite: then the damage is what is wrong. Other errors wait for no digest.
      if case .notFinite = error, case .failure(let damage) = digest.result() { throw .checkpoint(damage) }
      throw error
    }
  }

  /// Finds out all that can be known without writing: what is there, what becomes what, and the size of the output.
  public func plan() throws(ConversionError) -> ConversionPlan {
    let checkpoint = try open()
    let mapping = try TensorMapping(checkpoint)
    let tokenizer = try CompiledSource(checkpoint, options.tokenizerProfile)
    let layout = GLCLayout(records: try records(mapping), tokenizerSize: tokenizer.bytes.count)
    let metadata = ConversionMetadata(
      configuration: checkpoint.configuration, scheme: options.scheme,
      attention: options.attentionPrecision(checkpoint.configuration.encoder), tokenizer: tokenizer,
      files: try SourceFiles(sizesOf: checkpoint))
    return ConversionPlan(
      input: ConversionInput(checkpoint, mapping, tokenizer), mapping: mapping, layout: layout,
      outputSize: layout.fileSize(metadataSize: metadata.json.text().utf8.count))
  }

  private func open() throws(ConversionError) -> Checkpoint {
    try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      try Checkpoint.open(options.input, adapter: options.adapter)
    }
  }

  private func write(
    _ mapping: TensorMapping, _ checkpoint: Checkpoint, _ digest: PendingDigest
  ) throws(ConversionError) -> ConversionSummary {
    let tokenizer = try CompiledSource(checkpoint, options.tokenizerProfile)
    let relative = try mapping.table.relativeEmbeddings.map { (embeddings) throws(ConversionError) in
      try RelativeProjection(checkpoint, embeddings, norm: mapping.table.relativeNorm)
    }
    let records = try records(mapping)
    let writer = try lifting(ConversionError.format) { () throws(GLCFormatError) in
      try GLCWriter(path: options.output, records: records, tokenizer: tokenizer.bytes)
    }
    let worst = try writeTensors(mapping, relative, checkpoint, writer)
    let metadata = ConversionMetadata(
      configuration: checkpoint.configuration, scheme: options.scheme,
      attention: options.attentionPrecision(checkpoint.configuration.encoder), tokenizer: tokenizer,
      files: try SourceFiles(checkpoint, weights: digest.wait()))
    let size = try lifting(ConversionError.format) { () throws(GLCFormatError) in
      try writer.finish(metadata: metadata.json.text(), majorVersion: checkpoint.configuration.formatVersion)
    }
    return ConversionSummary(
      output: options.output, input: ConversionInput(checkpoint, mapping, tokenizer), tensorCount: records.count,
      outputSize: size, worst: worst, contentDigest: metadata.files.contentDigest)
  }

  private func records(_ mapping: TensorMapping) throws(ConversionError) -> [TensorRecord] {
    var records: [TensorRecord] = []
    for (row, view) in mapping.rows {
      let (encoding, layout) = options.scheme.form(row.role)
      guard let record = TensorRecord(name: row.name, encoding: encoding, layout: layout, shape: row.shape) else {
        throw .tooLarge(path: view.path, tensor: row.source)
      }
      records.append(record)
    }
    return records
  }

  /// Streams every tensor into the file.
  /// - Returns: the quantized tensor with the largest relative error.
  private func writeTensors(
    _ mapping: TensorMapping, _ relative: RelativeProjection?, _ checkpoint: Checkpoint, _ writer: GLCWriter
  ) throws(ConversionError) -> ConversionSummary.TensorError? {
    let total = mapping.rows.reduce(0) { $0 + $1.row.shape.reduce(1, *) }
    var done = 0
    var worst: ConversionSummary.TensorError?
    for record in writer.records {
      guard let (row, view) = mapping.row(of: record.name) else {
        preconditionFailure("\(record.name) is not in the table")
      }
      let stream = MatrixStream(
        writer: writer, record: record, path: view.path, tensor: row.source,
        matrixRows: row.shape.count == 1 ? 1 : row.shape[row.shape.count - 2],
        progress: { elements in
          done += elements
          progress(Double(done) / Double(total))
        })
      let error: QuantizationError
      switch row.role {
      case .projectedRelative(let bias):
        guard let relative else { preconditionFailure("\(record.name) needs relative embeddings") }
        error = try stream.write(
          relative.project(
            weights: try RelativeProjection.floats(checkpoint, TensorRequirement(row.source, shape: row.sourceShape)),
            bias: try RelativeProjection.floats(
              checkpoint, TensorRequirement(bias, shape: [checkpoint.configuration.encoder.hiddenSize]))))
      case .convolution: error = try stream.write(ConvolutionRows(view))
      case .firstRow: error = try stream.write(CheckpointRows(view, rows: 1))
      case .vector, .embeddingTable, .linear, .smallLinear: error = try stream.write(CheckpointRows(view))
      }
      if record.encoding == .int8, error.relative >= worst?.relative ?? 0 {
        worst = ConversionSummary.TensorError(tensor: record.name, relative: error.relative)
      }
    }
    return worst
  }
}
