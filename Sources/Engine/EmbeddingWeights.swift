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
  private enum Rows {
    case int8(codes: UnsafePointer<Int8>, scales: UnsafePointer<Float>, rowsPerScale: Int)
    case f32(UnsafePointer<Float>)
  }

  private let rows: Rows
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
    let extent = file.extent(record)
    self.file = file.file
    offset = extent.count > mappedBytes ? file.range(record).lowerBound : nil
    switch (record.encoding, record.layout) {
    case (.int8, .rows) where !isSmall:
      rows = .int8(
        codes: try extent.typed(Int8.self, at: 0, file, name),
        scales: try extent.typed(Float.self, at: record.scalesOffset, file, name), rowsPerScale: record.rowsPerScale)
    case (.f32, .rows): rows = .f32(try extent.typed(Float.self, at: 0, file, name))
    default:
      throw .format(
        .unexpectedTensor(
          path: file.path, tensor: name, expected: isSmall ? "f32 rows" : "int8 or f32 rows", found: record.summary))
    }
  }

  /// Writes one row, widened, to `target`.
  /// - Parameter scratch: room for a row besides.
  func copy(
    _ row: Int, to target: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    _ kernels: UnsafePointer<glck_kernels>
  ) {
    switch rows {
    case .int8(let codes, let scales, let rowsPerScale):
      var own = codes + row * columns
      if let offset {
        let bytes = UnsafeMutableRawBufferPointer(start: scratch, count: columns)
        file.read(at: offset + row * columns, into: bytes)
        own = UnsafeRawPointer(scratch).assumingMemoryBound(to: Int8.self)
      }
      kernels.pointee.widen_row(columns, own, scales[row / rowsPerScale], target)
    case .f32(let rows):
      if let offset {
        let bytes = UnsafeMutableRawBufferPointer(start: target, count: columns * MemoryLayout<Float>.stride)
        file.read(at: offset + row * bytes.count, into: bytes)
      } else {
        target.update(from: rows + row * columns, count: columns)
      }
    }
  }
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
