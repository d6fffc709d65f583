import CKernels
import GLCFormat
import ModelCore

/// Everything that is looked up or added before the first layer.
struct EmbeddingWeights {
  let tokens: EmbeddingTable
  let positions: EmbeddingTable?
  /// Row 0 of the table of token types: GLiClass gives all tokens that type.
  let tokenType: UnsafePointer<Float>?
  let segments: EmbeddingTable?
  /// From embedding size to hidden size.
  let projection: Linear?
  let norm: LayerNormWeights

  /// - Parameter mappedBytes: A table of tokens with more bytes is read row by row and never mapped: the words of a text would
  ///   make megabytes of it resident, and many texts the whole of it.
  init(_ file: GLCFile, _ configuration: ModelConfiguration, mappedBytes: Int) throws(EngineError) {
    let encoder = configuration.encoder
    let size = encoder.embeddingSize
    tokens = try EmbeddingTable(
      file, Self.tokenTable, rows: encoder.vocabularySize, columns: size, mappedBytes: mappedBytes)
    positions =
      encoder.absolutePositionCount > 0
      ? try EmbeddingTable(file, "embeddings.positions", rows: encoder.absolutePositionCount, columns: size) : nil
    tokenType = encoder.tokenTypeCount > 0 ? try file.vector("embeddings.token_type", count: size) : nil
    segments =
      configuration.head.usesSegmentEmbeddings
      ? try EmbeddingTable(file, "embeddings.segments", rows: 3, columns: size, isSmall: true) : nil
    projection =
      size == encoder.hiddenSize
      ? nil
      : try Linear(file, "embeddings.projection", inputs: size, outputs: encoder.hiddenSize, hasBias: false)
    norm = try LayerNormWeights(file, "embeddings.norm", size: encoder.hiddenSize)
  }

  /// The one tensor of which a forward pass reads a part.
  static let tokenTable = "embeddings.tokens"
}

/// A table of embeddings, one row a token, a position or a segment.
struct EmbeddingTable {
  private enum Scheme {
    case int8(scales: UnsafePointer<Float>, rowsPerScale: Int)
    /// Multipliers are [rows][groups].
    case int4(scales: UnsafePointer<Float>, multipliers: UnsafePointer<UInt8>, groups: Int, groupSize: Int)
    case floats(glck_float)
  }

  private let scheme: Scheme
  /// The first row where the table is mapped, and the bytes from one to the next.
  private let rows: UnsafePointer<UInt8>
  private let rowBytes: Int
  private let file: MappedFile
  /// Where the rows begin in the file, for a table that is read row by row.
  private let offset: Int?
  let columns: Int

  /// - Parameter isSmall: whether it is f32 in every file.
  init(
    _ file: GLCFile, _ name: String, rows count: Int, columns: Int, isSmall: Bool = false, mappedBytes: Int = .max
  ) throws(EngineError) {
    self.columns = columns
    let record = try file.tensor(name, shape: [count, columns])
    guard record.layout == .rows, !isSmall || record.encoding == .f32 else {
      throw .format(
        .unexpectedTensor(
          path: file.path, tensor: name, expected: isSmall ? "f32 rows" : "int8, int4, f32, f16 or bf16 rows",
          found: record.summary))
    }
    let extent = file.extent(record)
    self.file = file.file
    offset = extent.count > mappedBytes ? file.range(record).lowerBound : nil
    rows = try extent.typed(UInt8.self, at: 0, file, name)
    rowBytes = record.codesSize / count
    switch record.encoding {
    case .int8:
      scheme = .int8(
        scales: try extent.typed(Float.self, at: record.scalesOffset, file, name), rowsPerScale: record.rowsPerScale)
    case .int4:
      scheme = .int4(
        scales: try extent.typed(Float.self, at: record.scalesOffset, file, name),
        multipliers: try extent.typed(UInt8.self, at: record.multipliersOffset, file, name),
        groups: record.geometry?.groups ?? 0, groupSize: record.groupSize)
    case .f32, .f16, .bf16: scheme = .floats(try FloatValues(record, file).type)
    }
  }

  /// Writes one row, widened, to `target`.
  /// - Parameter scratch: room for a row as it is stored, and for one of floats.
  func copy(
    _ row: Int, to target: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    _ kernels: UnsafePointer<glck_kernels>
  ) {
    var own = UnsafeRawPointer(rows + row * rowBytes)
    if let offset {
      file.read(at: offset + row * rowBytes, into: UnsafeMutableRawBufferPointer(start: scratch, count: rowBytes))
      own = UnsafeRawPointer(scratch)
    }
    switch scheme {
    case .int8(let scales, let rowsPerScale):
      kernels.pointee.widen_row(columns, own.assumingMemoryBound(to: Int8.self), scales[row / rowsPerScale], target)
    case .int4(let scales, let multipliers, let groups, let groupSize):
      kernels.pointee.widen_row_s4(
        columns, own.assumingMemoryBound(to: UInt8.self), multipliers + row * groups, groupSize, scales[row], target)
    case .floats(let type): kernels.pointee.widen_floats(columns, type, own, target)
    }
  }

  /// Floats that have room for a row of `columns` in any form: of int4 it is padded.
  static func scratchFloats(columns: Int) -> Int { max(columns, columns.roundedUp(toMultipleOf: 64) / 8) }
}

/// The convolution beside the first layer, as a linear layer over neighbouring tokens.
struct ConvolutionWeights {
  let linear: Linear
  let norm: LayerNormWeights
  let kernelSize: Int
  let activation: Activation

  init?(_ file: GLCFile, _ encoder: EncoderConfiguration) throws(EngineError) {
    guard let convolution = encoder.convolution else { return nil }
    kernelSize = convolution.kernelSize
    activation = convolution.activation
    linear = try Linear(
      file, "convolution", inputs: kernelSize * encoder.hiddenSize, outputs: encoder.hiddenSize)
    norm = try LayerNormWeights(file, "convolution.norm", size: encoder.hiddenSize)
  }
}
