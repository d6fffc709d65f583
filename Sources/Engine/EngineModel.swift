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
  /// The most input features, as stored, that a layer with int4 weights may have; 0 without such layers.
  let int4Inputs: Int

  /// What the model is.
  public var configuration: ModelConfiguration { file.configuration }

  /// Finds every tensor that the configuration calls for.
  public convenience init(_ file: GLCFile) throws(EngineError) { try self.init(file, mappedTableBytes: 16 << 20) }

  /// - Parameter mappedTableBytes: A larger table of tokens is read row by row.
  package init(_ file: GLCFile, mappedTableBytes: Int) throws(EngineError) {
    self.file = file
    int4Inputs = file.records.reduce(0) { most, record in
      guard record.encoding == .int4, record.layout == .tiles, let geometry = record.geometry else { return most }
      return max(most, min(geometry.paddedColumns, Linear.maximumQuantizedInputs))
    }
    let encoder = file.configuration.encoder
    let attention = try Self.attentionPrecision(file)
    embeddings = try EmbeddingWeights(file, file.configuration, mappedBytes: mappedTableBytes)
    var layers: [EncoderLayer] = []
    for index in 0..<encoder.layerCount { layers.append(try EncoderLayer(file, "layers.\(index)", encoder)) }
    self.layers = layers
    self.attention = attention
    guard attention == .f32 || layers.allSatisfy(\.canAttendQuantized) else {
      throw .unsupported(
        path: file.path, field: "numerics.attention", expected: "f32 where relative embeddings are not int8",
        found: "int8")
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
        expected: isUniform ? expected : "projectors that are all quantized, or none of them", found: found)
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
    /// f32, f16 or bf16
    case floats(panels: FloatValues)
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
    case (.f32, .panels), (.f16, .panels), (.bf16, .panels): rows = .floats(panels: try FloatValues(record, file))
    default:
      throw .format(
        .unexpectedTensor(
          path: file.path, tensor: name, expected: "int8 tiles, or f32, f16 or bf16 panels", found: record.summary))
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
    for (role, linear) in [("key", key), ("value", value)] {
      try Self.checkShared(file, "\(name).attention.\(role).weight", linear, "\(name).attention.query.weight", query)
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

  /// Whether attention's products can be of int8: queries, keys and values are quantized while it runs.
  var canAttendQuantized: Bool {
    [relativeKeys, relativeQueries].allSatisfy { $0.map(\.isQuantized) ?? true }
  }

  /// Queries, keys and values are made of the same rows, which are quantized once, or not at all.
  private static func checkShared(
    _ file: GLCFile, _ name: String, _ linear: Linear, _ firstName: String, _ first: Linear
  ) throws(EngineError) {
    guard !linear.sharesQuantization(with: first) else { return }
    let (expected, found) =
      linear.isQuantized != first.isQuantized
      ? (first.isQuantized ? "int8 or int4" : "f32, f16 or bf16", try file.tensor(name).summary)
      : first.inputScales == nil
        ? ("no input scales", "some")
        : ("its input scales", linear.inputScales == nil ? "none" : "others")
    throw .format(
      .unexpectedTensor(
        path: file.path, tensor: name, expected: "\(expected) as of \(firstName), which reads the same rows",
        found: found))
  }
}
