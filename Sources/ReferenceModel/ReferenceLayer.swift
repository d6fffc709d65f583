import ModelCore

/// One transformer layer (`DebertaV2Layer`): disentangled attention, then a feed-forward network, each with a residual
/// connection and a LayerNorm after it.
struct ReferenceLayer: Sendable {
  var query: ReferenceLinear
  var key: ReferenceLinear
  var value: ReferenceLinear
  let relativeLinears: RelativeLinears
  let encoder: EncoderConfiguration
  var attentionDense: ReferenceLinear
  private let attentionNorm: ReferenceLayerNorm
  var intermediate: ReferenceLinear
  var output: ReferenceLinear
  private let outputNorm: ReferenceLayerNorm

  init(_ loader: WeightLoader, _ encoder: EncoderConfiguration, index: Int) throws(ReferenceModelError) {
    let prefix = ReferenceTensors.layer(index)
    let epsilon = encoder.layerNormEpsilon
    self.encoder = encoder
    query = try loader.linear("\(prefix).attention.self.query_proj")
    key = try loader.linear("\(prefix).attention.self.key_proj")
    value = try loader.linear("\(prefix).attention.self.value_proj")
    let own = encoder.hasOwnRelativeProjections
    relativeLinears = RelativeLinears(
      key: encoder.usesContentToPosition ? own ? try loader.linear("\(prefix).attention.self.pos_key_proj") : key : nil,
      query: encoder.usesPositionToContent
        ? own ? try loader.linear("\(prefix).attention.self.pos_query_proj") : query : nil)
    attentionDense = try loader.linear("\(prefix).attention.output.dense")
    attentionNorm = try loader.norm("\(prefix).attention.output.LayerNorm", epsilon: epsilon)
    intermediate = try loader.linear("\(prefix).intermediate.dense")
    output = try loader.linear("\(prefix).output.dense")
    outputNorm = try loader.norm("\(prefix).output.LayerNorm", epsilon: epsilon)
  }

  /// The states after this layer. `observe` gets the stages between.
  func states(
    after states: ReferenceMatrix, relative: RelativeProjections, positions: RelativePositions,
    observe: (ReferenceStage, ReferenceMatrix) -> Void
  ) -> ReferenceMatrix {
    let context = context(states, relative: relative, positions: positions, observe: observe)
    observe(.context, context)
    let attention = attended(context, residual: states)
    observe(.attention, attention)
    let inner = inner(attention)
    observe(.intermediate, inner)
    return self.states(inner: inner, residual: attention)
  }

  /// The states between the two halves of the layer.
  func attended(_ context: ReferenceMatrix, residual states: ReferenceMatrix) -> ReferenceMatrix {
    attentionNorm(attentionDense(context) + states)
  }

  /// Inside the feed-forward network.
  func inner(_ attention: ReferenceMatrix) -> ReferenceMatrix {
    intermediate(attention).activated(by: encoder.activation)
  }

  /// The states after the layer.
  func states(inner: ReferenceMatrix, residual attention: ReferenceMatrix) -> ReferenceMatrix {
    outputNorm(output(inner) + attention)
  }
}
