import Checkpoints
import GLCFormat
import ModelCore

/// How a tensor of the `.glc` is made.
package enum TensorRole: Equatable {
  /// A vector or a table of few rows, kept in f32.
  case vector
  /// The first row of a table, kept in f32.
  case firstRow
  /// An embedding table: quantized by row, never tiled.
  case embeddingTable
  /// Weights of a linear layer.
  case linear
  /// Weights of a linear layer with so few channels that f32 costs nothing.
  case smallLinear
  /// Weights of a convolution, as a linear layer over neighbouring tokens.
  case convolution
  /// Relative embeddings, projected by the weights and bias of query or key projection.
  case projectedRelative(bias: String)
}

/// One row of the table that maps a checkpoint to a `.glc`.
package struct TensorRow {
  /// Name in the `.glc` (formats/glc.md, "Tensors").
  package let name: String
  /// Name in the checkpoint; for projected relative embeddings, the projection's weight.
  package let source: String
  package let role: TensorRole
  /// Shape in the `.glc`.
  package let shape: [Int]
  /// Shape in the checkpoint.
  package let sourceShape: [Int]

  /// The weights that this bias belongs to: the same name in other cases is nobody's.
  var weightName: String { name.hasSuffix(".bias") ? "\(name.dropLast(5)).weight" : "" }

  init(_ name: String, _ source: String, _ role: TensorRole, _ shape: [Int], sourceShape: [Int]? = nil) {
    self.name = name
    self.source = source
    self.role = role
    self.shape = shape
    self.sourceShape = sourceShape ?? shape
  }
}

/// The table of a `deberta-v2` uni-encoder: the encoder's rows here, those of the head in `TensorTable+Head.swift`.
package struct TensorTable {
  package let rows: [TensorRow]
  /// The unprojected relative embeddings where there are any, and their LayerNorm where the configuration has it.
  let relativeEmbeddings: TensorRequirement?
  let relativeNorm: (gain: TensorRequirement, bias: TensorRequirement)?
  private let unreadNames: Set<String>
  private let unreadPrefixes: [String]

  static let root = "model.encoder_model."

  /// - Parameter shape: the shape of a tensor of the checkpoint, for the few that the configuration does not decide.
  init(_ configuration: ModelConfiguration, shape: (String) -> [Int]? = { _ in nil }) {
    let encoder = configuration.encoder
    var rows = Self.embeddings(encoder)
    for index in 0..<encoder.layerCount { rows += Self.layer(index, encoder) }
    if let convolution = encoder.convolution { rows += Self.convolution(convolution, encoder) }
    rows += Self.head(configuration, shape: shape)
    self.rows = rows
    let hidden = encoder.hiddenSize
    let embeddings = TensorRequirement(
      "\(Self.root)encoder.rel_embeddings.weight", shape: [encoder.relativeRowCount, hidden])
    let norm = (
      gain: TensorRequirement("\(Self.root)encoder.LayerNorm.weight", shape: [hidden]),
      bias: TensorRequirement("\(Self.root)encoder.LayerNorm.bias", shape: [hidden])
    )
    let isRelative = encoder.usesRelativePositions && encoder.layerCount > 0
    relativeEmbeddings = isRelative ? embeddings : nil
    relativeNorm = isRelative && encoder.normalizesRelativeEmbeddings ? norm : nil
    unreadNames = Set(
      Self.savedByOlderVersions + (isRelative ? [] : [embeddings.name])
        + (relativeNorm == nil ? [norm.gain.name, norm.bias.name] : [])
        + (configuration.head.normalizesFeatures ? [] : [Self.logitScale]))
    unreadPrefixes =
      (encoder.layerCount..<encoder.checkpointLayerCount).map { "\(Self.root)encoder.layer.\($0)." }
      + (encoder.layerCount == 0 ? ["\(Self.root)encoder.conv."] : [])
      + (configuration.head.squeezesLayers ? [] : ["\(Self.layerWiseAttention)."])
  }

  /// Whether a checkpoint may hold a tensor of this name although nothing in the file is made of it: a factor that only normalized
  /// features use, layers beyond the one that the head reads, and what older versions of `transformers` saved.
  func mayBeUnread(_ name: String) -> Bool {
    unreadNames.contains(name) || unreadPrefixes.contains { name.hasPrefix($0) }
  }

  /// `_keys_to_ignore_on_load_unexpected` of `transformers` and of `gliclass`.
  private static let savedByOlderVersions = [
    "\(root)embeddings.position_ids", "\(root)embeddings.position_embeddings.weight",
  ]

  private static func embeddings(_ encoder: EncoderConfiguration) -> [TensorRow] {
    let (size, source) = (encoder.embeddingSize, "\(root)embeddings")
    var rows = [
      TensorRow(
        "embeddings.tokens", "\(source).word_embeddings.weight", .embeddingTable, [encoder.vocabularySize, size])
    ]
    if encoder.absolutePositionCount > 0 {
      rows.append(
        TensorRow(
          "embeddings.positions", "\(source).position_embeddings.weight", .embeddingTable,
          [encoder.absolutePositionCount, size]))
    }
    if encoder.tokenTypeCount > 0 {
      rows.append(
        TensorRow(
          "embeddings.token_type", "\(source).token_type_embeddings.weight", .firstRow, [size],
          sourceShape: [encoder.tokenTypeCount, size]))
    }
    if size != encoder.hiddenSize {
      rows.append(
        TensorRow("embeddings.projection.weight", "\(source).embed_proj.weight", .linear, [encoder.hiddenSize, size]))
    }
    return rows + norm("embeddings.norm", "\(source).LayerNorm", encoder.hiddenSize)
  }

  private static func convolution(_ convolution: ConvolutionConfiguration, _ encoder: EncoderConfiguration)
    -> [TensorRow]
  {
    let (hidden, source) = (encoder.hiddenSize, "\(root)encoder.conv")
    return [
      TensorRow(
        "convolution.weight", "\(source).conv.weight", .convolution, [hidden, convolution.kernelSize * hidden],
        sourceShape: [hidden, hidden / convolution.groupCount, convolution.kernelSize]),
      TensorRow("convolution.bias", "\(source).conv.bias", .vector, [hidden]),
    ] + norm("convolution.norm", "\(source).LayerNorm", hidden)
  }

  private static func layer(_ index: Int, _ encoder: EncoderConfiguration) -> [TensorRow] {
    let (hidden, middle) = (encoder.hiddenSize, encoder.intermediateSize)
    let (name, source) = ("layers.\(index)", "\(root)encoder.layer.\(index)")
    var rows: [TensorRow] = []
    for role in ["query", "key", "value"] {
      rows += linear("\(name).attention.\(role)", "\(source).attention.self.\(role)_proj", hidden, hidden)
    }
    rows += linear("\(name).attention.output", "\(source).attention.output.dense", hidden, hidden)
    rows += norm("\(name).attention.norm", "\(source).attention.output.LayerNorm", hidden)
    rows += linear("\(name).feed_forward.intermediate", "\(source).intermediate.dense", middle, hidden)
    rows += linear("\(name).feed_forward.output", "\(source).output.dense", hidden, middle)
    rows += norm("\(name).feed_forward.norm", "\(source).output.LayerNorm", hidden)
    let relative = [
      ("relative_keys", "key", encoder.usesContentToPosition),
      ("relative_queries", "query", encoder.usesPositionToContent),
    ]
    for (role, projection, isUsed) in relative where isUsed {
      let owner = encoder.hasOwnRelativeProjections ? "pos_\(projection)" : projection
      let linear = "\(source).attention.self.\(owner)_proj"
      rows.append(
        TensorRow(
          "\(name).attention.\(role)", "\(linear).weight", .projectedRelative(bias: "\(linear).bias"),
          [encoder.headCount, encoder.relativeRowCount, encoder.headSize], sourceShape: [hidden, hidden]))
    }
    return rows
  }

  /// Everything that is read from the checkpoint.
  var requirements: [TensorRequirement] {
    var all = rows.map { TensorRequirement($0.source, shape: $0.sourceShape) }
    // The second tensor that a projection is made from: the only one that has no row of its own where it is not shared.
    all += rows.compactMap { row in
      if case .projectedRelative(let bias) = row.role {
        TensorRequirement(bias, shape: [row.sourceShape[0]])
      } else {
        nil
      }
    }
    if let relativeEmbeddings { all.append(relativeEmbeddings) }
    if let relativeNorm { all += [relativeNorm.gain, relativeNorm.bias] }
    var seen: Set<String> = []
    return all.filter { seen.insert($0.name).inserted }
  }

  static func linear(
    _ name: String, _ source: String, _ outputs: Int, _ inputs: Int, _ role: TensorRole = .linear
  ) -> [TensorRow] {
    [
      TensorRow("\(name).weight", "\(source).weight", role, [outputs, inputs]),
      TensorRow("\(name).bias", "\(source).bias", .vector, [outputs]),
    ]
  }

  static func norm(_ name: String, _ source: String, _ size: Int) -> [TensorRow] {
    [
      TensorRow("\(name).gain", "\(source).weight", .vector, [size]),
      TensorRow("\(name).bias", "\(source).bias", .vector, [size]),
    ]
  }
}
