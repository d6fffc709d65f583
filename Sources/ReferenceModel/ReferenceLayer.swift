import ModelCore

/// One transformer layer (`DebertaV2Layer`): disentangled attention, then a feed-forward network, each with a residual
/// connection and a LayerNorm after it.
struct ReferenceLayer: Sendable {
  let query: ReferenceLinear
  let key: ReferenceLinear
  let value: ReferenceLinear
  let relativeLinears: RelativeLinears
  let encoder: EncoderConfiguration
  private let attentionDense: ReferenceLinear
  private let attentionNorm: ReferenceLayerNorm
  private let intermediate: ReferenceLinear
  private let output: ReferenceLinear
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
    let attention = attentionNorm(attentionDense(context) + states)
    observe(.attention, attention)
    let inner = intermediate(attention).activated(by: encoder.activation)
    observe(.intermediate, inner)
    return outputNorm(output(inner) + attention)
  }
}
