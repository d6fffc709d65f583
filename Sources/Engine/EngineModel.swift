import GLCFormat
import ModelCore

/// The weights of a `.glc`, found and checked once: everything a forward pass looks at, as pointers into the mapping.
///
/// Immutable, and shared by any number of sessions.
public final class EngineModel: @unchecked Sendable {
  /// The mapped file, which the pointers below live in.
  public let file: GLCFile
  let embeddings: EmbeddingWeights
  let layers: [EncoderLayer]
  let convolution: ConvolutionWeights?
  let head: HeadWeights
  /// How the products of attention are computed.
  public let attention: AttentionPrecision

  /// What the model is.
  public var configuration: ModelConfiguration { file.configuration }

  /// Finds every tensor that the configuration calls for.
  public convenience init(_ file: GLCFile) throws(EngineError) { try self.init(file, mappedTableBytes: 16 << 20) }

  /// - Parameter mappedTableBytes: A larger table of tokens is read row by row.
  package init(_ file: GLCFile, mappedTableBytes: Int) throws(EngineError) {
    self.file = file
    let encoder = file.configuration.encoder
    let attention = try Self.attentionPrecision(file)
    embeddings = try EmbeddingWeights(file, file.configuration, mappedBytes: mappedTableBytes)
    var layers: [EncoderLayer] = []
    for index in 0..<encoder.layerCount { layers.append(try EncoderLayer(file, "layers.\(index)", encoder)) }
    self.layers = layers
    self.attention = attention
    guard attention == .f32 || layers.allSatisfy(\.canAttendQuantized) else {
      throw .unsupported(
        path: file.path, field: "numerics.attention", expected: "f32 where attention's weights are f32", found: "int8")
    }
    convolution = try ConvolutionWeights(file, encoder)
    head = try HeadWeights(file, file.configuration)
    try Self.checkHead(head.projectors.flatMap(\.layers), file)
  }

  /// Has the system read what every pass will need, where it does not hold it: with large reads and while the caller goes on.
  func prefetch() {
    var needed = 0..<0
    for record in file.records where record.name != EmbeddingWeights.tokenTable {
      let range = file.range(record)
      if range.lowerBound != needed.upperBound {
        file.file.prefetch(needed)
        needed = range
      }
      needed = needed.lowerBound..<range.upperBound
    }
    file.file.prefetch(needed)
  }

  /// The metadata says how the head's activations are taken; the encoding of the projectors' weights decides it.
  private static func checkHead(_ linears: [Linear], _ file: GLCFile) throws(EngineError) {
    let found = file.metadata.root.member("numerics")?.member("head_activations")?.string ?? ""
    let expected = linears.allSatisfy(\.isQuantized) ? "int8x2" : "f32"
    let isUniform = linears.allSatisfy(\.isQuantized) || !linears.contains(where: \.isQuantized)
    guard isUniform, found == expected else {
      throw .unsupported(
        path: file.path, field: "numerics.head_activations",
        expected: isUniform ? expected : "a head whose weights have one encoding", found: found)
    }
  }

  /// What the file records.
  private static func attentionPrecision(_ file: GLCFile) throws(EngineError) -> AttentionPrecision {
    let found = file.metadata.root.member("numerics")?.member("attention")
    guard let precision = found?.string.flatMap(AttentionPrecision.init(rawValue:)) else {
      throw .unsupported(
        path: file.path, field: "numerics.attention",
        expected: AttentionPrecision.allCases.map(\.rawValue).joined(separator: " or "),
        found: found?.found ?? "nothing")
    }
    return precision
  }
}

/// Gain and bias of a LayerNorm.
struct LayerNormWeights {
  let gain: UnsafePointer<Float>
  let bias: UnsafePointer<Float>

  init(_ file: GLCFile, _ name: String, size: Int) throws(EngineError) {
    gain = try file.vector("\(name).gain", count: size)
    bias = try file.vector("\(name).bias", count: size)
  }
}

/// Projected relative embeddings of one layer: [heads][rows][head size].
struct RelativeEmbeddings {
  enum Rows {
    case int8(tiles: UnsafePointer<Int8>, scales: UnsafePointer<Float>)
    case f32(panels: UnsafePointer<Float>)
  }

  let rows: Rows
  /// Rows of a head as stored, a multiple of 16.
  let paddedRows: Int
  var isQuantized: Bool { if case .int8 = rows { true } else { false } }

  init(_ file: GLCFile, _ name: String, _ encoder: EncoderConfiguration) throws(EngineError) {
    let record = try file.tensor(name, shape: [encoder.headCount, encoder.relativeRowCount, encoder.headSize])
    let extent = file.extent(record)
    paddedRows = encoder.relativeRowCount.roundedUp(toMultipleOf: 16)
    switch (record.encoding, record.layout) {
    case (.int8, .tiles):
      rows = .int8(
        tiles: try extent.typed(Int8.self, at: 0, file, name),
        scales: try extent.typed(Float.self, at: record.scalesOffset, file, name))
    case (.f32, .panels): rows = .f32(panels: try extent.typed(Float.self, at: 0, file, name))
    default:
      throw .format(
        .unexpectedTensor(path: file.path, tensor: name, expected: "int8 tiles or f32 panels", found: record.summary))
    }
  }
}

/// One transformer layer.
struct EncoderLayer {
  let query: Linear
  let key: Linear
  let value: Linear
  let attentionOutput: Linear
  let attentionNorm: LayerNormWeights
  let relativeKeys: RelativeEmbeddings?
  let relativeQueries: RelativeEmbeddings?
  let intermediate: Linear
  let output: Linear
  let outputNorm: LayerNormWeights

  init(_ file: GLCFile, _ name: String, _ encoder: EncoderConfiguration) throws(EngineError) {
    let hidden = encoder.hiddenSize
    func square(_ role: String) throws(EngineError) -> Linear {
      try Linear(file, "\(name).attention.\(role)", inputs: hidden, outputs: hidden)
    }
    query = try square("query")
    key = try square("key")
    value = try square("value")
    guard key.isQuantized == query.isQuantized, value.isQuantized == query.isQuantized else {
      // They read the same rows, which are quantized once or not at all.
      throw .unsupported(
        path: file.path, field: "\(name).attention", expected: "query, key and value in one encoding",
        found: "different ones")
    }
    attentionOutput = try square("output")
    attentionNorm = try LayerNormWeights(file, "\(name).attention.norm", size: hidden)
    relativeKeys =
      encoder.usesContentToPosition
      ? try RelativeEmbeddings(file, "\(name).attention.relative_keys", encoder) : nil
    relativeQueries =
      encoder.usesPositionToContent
      ? try RelativeEmbeddings(file, "\(name).attention.relative_queries", encoder) : nil
    intermediate = try Linear(
      file, "\(name).feed_forward.intermediate", inputs: hidden, outputs: encoder.intermediateSize)
    output = try Linear(file, "\(name).feed_forward.output", inputs: encoder.intermediateSize, outputs: hidden)
    outputNorm = try LayerNormWeights(file, "\(name).feed_forward.norm", size: hidden)
  }

  /// Whether everything that attention's products read is int8.
  var canAttendQuantized: Bool {
    query.isQuantized && [relativeKeys, relativeQueries].allSatisfy { $0.map(\.isQuantized) ?? true }
  }
}
