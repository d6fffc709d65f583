import Checkpoints
import GLCFormat
import ModelCore

/// How a tensor of the `.glc` is made.
package enum TensorRole: Equatable {
  /// A vector, kept in f32.
  case vector
  /// The embedding table: quantized by row, never tiled.
  case embeddingTable
  /// Weights of a linear layer.
  case linear
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

  init(_ name: String, _ source: String, _ role: TensorRole, _ shape: [Int], sourceShape: [Int]? = nil) {
    self.name = name
    self.source = source
    self.role = role
    self.shape = shape
    self.sourceShape = sourceShape ?? shape
  }
}

/// The table of a `deberta-v2` uni-encoder: the encoder's rows here, those of the head in `TensorTable+Head.swift`.
struct TensorTable {
  let rows: [TensorRow]
  /// The unprojected relative embeddings, and their LayerNorm where the configuration has it.
  let relativeEmbeddings: TensorRequirement
  let relativeNorm: (gain: TensorRequirement, bias: TensorRequirement)?

  private static let root = "model.encoder_model."

  /// Tensors that a checkpoint may hold and no supported configuration reads: a factor that only normalized features use, and two
  /// that older versions of `transformers` saved (`_keys_to_ignore_on_load_unexpected`).
  static let unread: Set<String> = [
    "model.logit_scale", "\(root)embeddings.position_ids", "\(root)embeddings.position_embeddings.weight",
  ]

  /// - Parameter shape: the shape of a tensor of the checkpoint, for the few that the configuration does not decide.
  init(_ configuration: ModelConfiguration, shape: (String) -> [Int]? = { _ in nil }) {
    let encoder = configuration.encoder
    let hidden = encoder.hiddenSize
    var rows: [TensorRow] = [
      TensorRow(
        "embeddings.tokens", "\(Self.root)embeddings.word_embeddings.weight", .embeddingTable,
        [encoder.vocabularySize, hidden])
    ]
    rows += Self.norm("embeddings.norm", "\(Self.root)embeddings.LayerNorm", hidden)
    for index in 0..<encoder.layerCount { rows += Self.layer(index, encoder) }
    rows += Self.head(configuration, shape: shape)
    self.rows = rows
    relativeEmbeddings = TensorRequirement(
      "\(Self.root)encoder.rel_embeddings.weight", shape: [encoder.relativeRowCount, hidden])
    relativeNorm =
      encoder.normalizesRelativeEmbeddings
      ? (
        TensorRequirement("\(Self.root)encoder.LayerNorm.weight", shape: [hidden]),
        TensorRequirement("\(Self.root)encoder.LayerNorm.bias", shape: [hidden])
      ) : nil
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
      let linear = "\(source).attention.self.\(projection)_proj"
      rows.append(
        TensorRow(
          "\(name).attention.\(role)", "\(linear).weight", .projectedRelative(bias: "\(linear).bias"),
          [encoder.headCount, encoder.relativeRowCount, encoder.headSize], sourceShape: [hidden, hidden]))
    }
    return rows
  }

  /// Everything that is read from the checkpoint.
  var requirements: [TensorRequirement] {
    var all = rows.map { TensorRequirement($0.source, shape: $0.sourceShape) } + [relativeEmbeddings]
    if let relativeNorm { all += [relativeNorm.gain, relativeNorm.bias] }
    var seen: Set<String> = []
    return all.filter { seen.insert($0.name).inserted }
  }

  static func linear(_ name: String, _ source: String, _ outputs: Int, _ inputs: Int) -> [TensorRow] {
    [
      TensorRow("\(name).weight", "\(source).weight", .linear, [outputs, inputs]),
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

/// How weights are stored.
public enum WeightScheme: String, Sendable, CaseIterable {
  /// int8, one scale per output channel, row or head row.
  case q8
  /// As they are.
  case f32

  /// The stored form of a tensor of this role.
  func form(_ role: TensorRole) -> (TensorEncoding, TensorLayout) {
    switch (role, self) {
    case (.vector, _), (.embeddingTable, .f32): (.f32, .rows)
    case (.embeddingTable, .q8): (.int8, .rows)
    case (.linear, .q8), (.projectedRelative, .q8): (.int8, .tiles)
    case (.linear, .f32), (.projectedRelative, .f32): (.f32, .panels)
    }
  }
}
