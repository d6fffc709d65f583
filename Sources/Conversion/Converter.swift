import Checkpoints
import GLCFormat
import ModelCore
import Quantization
import Tokenization

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
    try run(ConversionSource(options, progress: progress))
  }

  /// The same from a source that was opened before: several conversions share what does not depend on the recipe.
  package func run(_ source: ConversionSource) throws(ConversionError) -> ConversionSummary {
    try Self.refuseOverwriting(source.checkpoint, output: options.output)
    do throws(ConversionError) {
      return try write(source)
    } catch {
      // Damaged weights may look like numbers that are not finite: then the damage is what is wrong. Other errors wait for no digest.
      if case .notFinite = error, case .failure(let damage) = source.digest.result() { throw .checkpoint(damage) }
      throw error
    }
  }

  /// Finds out all that can be known without writing: what is there, what becomes what, and the size of the output.
  public func plan() throws(ConversionError) -> ConversionPlan { try plan(ConversionSource(options, hashing: false)) }

  /// The same from a source that was opened before.
  package func plan(_ source: ConversionSource) throws(ConversionError) -> ConversionPlan {
    let (checkpoint, mapping) = (source.checkpoint, source.mapping)
    let recipe = try ResolvedRecipe(options.recipe, source)
    let solutions = try WeightSolver(recipe, source).solutions()
    let layout = GLCLayout(
      records: try records(source, recipe, solutions), tokenizerSize: source.tokenizer.bytes.count,
      vocabularySize: 4 * (source.vocabulary?.storedMap?.count ?? 0))
    let metadata = ConversionMetadata(
      configuration: source.configuration, recipe: recipe, vocabulary: source.vocabulary?.metadata ?? .null,
      tokenizer: source.tokenizer, files: try SourceFiles(sizesOf: checkpoint), drift: options.drift)
    return ConversionPlan(
      input: ConversionInput(source, layout.records), mapping: mapping, layout: layout,
      outputSize: layout.fileSize(metadataSize: metadata.json.text().utf8.count))
  }

  private func write(_ source: ConversionSource) throws(ConversionError) -> ConversionSummary {
    let checkpoint = source.checkpoint
    let recipe = try ResolvedRecipe(options.recipe, source)
    let solutions = try WeightSolver(recipe, source).solutions()
    let records = try records(source, recipe, solutions)
    let writer = try lifting(ConversionError.format) { () throws(GLCFormatError) in
      try GLCWriter(
        path: options.output, records: records, tokenizer: source.tokenizer.bytes,
        vocabulary: source.vocabulary?.storedMap)
    }
    let findings = try writeTensors(source, writer, solutions)
    let metadata = ConversionMetadata(
      configuration: source.configuration, recipe: recipe, vocabulary: source.vocabulary?.metadata ?? .null,
      tokenizer: source.tokenizer, files: try SourceFiles(checkpoint, weights: source.digest.wait()),
      drift: options.drift)
    let size = try lifting(ConversionError.format) { () throws(GLCFormatError) in
      try writer.finish(
        metadata: metadata.json.text(), majorVersion: checkpoint.configuration.formatVersion,
        syncs: !options.isTemporary)
    }
    return ConversionSummary(
      output: options.output, input: ConversionInput(source, records), tensorCount: records.count, outputSize: size,
      worst: findings.worst, zeroChannels: findings.zeroChannels, contentDigest: metadata.files.contentDigest)
  }

  private func records(
    _ source: ConversionSource, _ recipe: ResolvedRecipe, _ solutions: [String: LinearSolution]
  ) throws(ConversionError) -> [TensorRecord] {
    var records: [TensorRecord] = []
    for (unpruned, view) in source.mapping.rows {
      let row = unpruned.pruned(to: source.vocabulary?.map)
      let form = recipe.form(of: row.name)
      guard
        let record = TensorRecord(
          name: row.name, encoding: form.encoding, layout: form.layout, shape: row.shape, groupSize: form.groupSize,
          hasInputScales: solutions[row.name]?.inputScales != nil)
      else { throw .tooLarge(path: view.path, tensor: row.source) }
      records.append(record)
    }
    return records
  }

  /// Streams every tensor into the file.
  /// - Returns: what was found on the way.
  private func writeTensors(
    _ source: ConversionSource, _ writer: GLCWriter, _ solutions: [String: LinearSolution]
  ) throws(ConversionError) -> (worst: ConversionSummary.TensorError?, zeroChannels: [(tensor: String, count: Int)]) {
    let (checkpoint, mapping) = (source.checkpoint, source.mapping)
    let total = writer.records.reduce(0) { $0 + $1.shape.reduce(1, *) }
    var done = 0
    var worst: ConversionSummary.TensorError?
    var zeroChannels: [(tensor: String, count: Int)] = []
    for record in writer.records {
      guard let (unpruned, view) = mapping.row(of: record.name) else {
        preconditionFailure("\(record.name) is not in the table")
      }
      let row = unpruned.pruned(to: source.vocabulary?.map)
      let stream = MatrixStream(
        writer: writer, record: record, path: view.path, tensor: row.source,
        matrixRows: row.shape.count == 1 ? 1 : row.shape[row.shape.count - 2],
        solution: solutions[row.name] ?? LinearSolution(),
        progress: { elements in
          done += elements
          progress(Double(done) / Double(total))
        })
      let error: QuantizationError
      switch row.role {
      case .projectedRelative(let bias):
        guard let relative = source.relative else { preconditionFailure("\(record.name) needs relative embeddings") }
        error = try stream.write(
          relative.project(
            weights: try RelativeProjection.floats(checkpoint, TensorRequirement(row.source, shape: row.sourceShape)),
            bias: try RelativeProjection.floats(
              checkpoint, TensorRequirement(bias, shape: [checkpoint.configuration.encoder.hiddenSize]))))
      case .convolution: error = try stream.write(ConvolutionRows(view))
      case .firstRow: error = try stream.write(CheckpointRows(view, rows: 1))
      case .vector, .embeddingTable, .linear, .smallLinear:
        if let bias = solutions[row.weightName]?.bias {
          error = try stream.write(ReplacedVector(values: bias))
        } else if let map = source.vocabulary?.map, row.shape != unpruned.shape {
          error = try stream.write(SelectedRows(CheckpointRows(view), map))
        } else {
          error = try stream.write(CheckpointRows(view))
        }
      }
      if record.encoding.isQuantized, row.role == .linear, error.zeroRows > 0 {
        zeroChannels.append((record.name, error.zeroRows))
      }
      if record.encoding.isQuantized, error.relative >= worst?.relative ?? 0 {
        worst = ConversionSummary.TensorError(tensor: record.name, relative: error.relative)
      }
    }
    return (worst, zeroChannels)
  }
}
