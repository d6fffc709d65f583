/// A point of the forward pass at which both sides are compared.
package enum LayerStage: String, Sendable, CaseIterable {
  case embeddings
  /// After the attention block and its LayerNorm.
  case attention
  /// The middle of the feed-forward network, after the activation function.
  case feedForward = "feed-forward"
  /// After the feed-forward block and its LayerNorm (and a convolution): what the next layer reads.
  case output
  case text
  case classes
  case logits
}

/// How far the model's values at one stage are from the reference's.
package struct LayerError: Sendable, Equatable {
  /// From 0; `nil` outside the encoder's layers.
  package var layer: Int?
  package var stage: LayerStage
  /// Σ reference² ÷ Σ (model − reference)² in dB over all tokens of all texts: higher is better, infinite where nothing differs.
  package var sqnr: Double
  /// Mean over rows of the cosine between both sides.
  package var cosine: Double
  /// The same where this layer alone is the model's: it reads what the reference's layers before it wrote. `nil` where the stage
  /// belongs to no layer.
  package var ownSQNR: Double?
  package var ownCosine: Double?

  /// What was measured at one stage.
  package init(
    layer: Int?, stage: LayerStage, sqnr: Double, cosine: Double, ownSQNR: Double? = nil, ownCosine: Double? = nil
  ) {
    self.layer = layer
    self.stage = stage
    self.sqnr = sqnr
    self.cosine = cosine
    self.ownSQNR = ownSQNR
    self.ownCosine = ownCosine
  }
}

/// A tensor of the `.glc`, dequantized, beside what the checkpoint makes of it.
package struct TensorError: Sendable, Equatable {
  /// Its name in the `.glc`.
  package var name: String
  /// As in ``TensorRecord/summary``: encoding, layout and shape.
  package var form: String
  /// In dB, of the whole tensor.
  package var sqnr: Double
  /// The output channel (row) with the lowest, and what it is.
  package var worstChannel: Int
  package var worstChannelSQNR: Double

  /// What was measured of one tensor.
  package init(name: String, form: String, sqnr: Double, worstChannel: Int, worstChannelSQNR: Double) {
    self.name = name
    self.form = form
    self.sqnr = sqnr
    self.worstChannel = worstChannel
    self.worstChannelSQNR = worstChannelSQNR
  }
}

/// What explains a drift, or could.
package struct Finding: Sendable, Equatable {
  /// The tensor, layer or field, as `layers.2.attention.value.weight`, `layer 2, attention` or `model.layer_norm_epsilon`.
  package var place: String
  /// What is the matter with it, in one line, as `channels 16 to 31, features 64 to 127 are zero, in the checkpoint they are not`.
  package var message: String

  /// Something at a place.
  package init(place: String, message: String) {
    self.place = place
    self.message = message
  }
}

/// Where a drift comes from: fields, tensors and layers held against the checkpoint or another `.glc`.
package struct OriginReport: Sendable, Equatable {
  /// Texts that both sides ran for ``layers``.
  package var texts: Int
  /// In the order of the forward pass; empty where it could not be run.
  package var layers: [LayerError]
  /// Every tensor, those with the lowest SQNR first, and behind them biases that bias correction changed.
  package var tensors: [TensorError]
  /// What differs beyond what quantization does: fields first, then tensors, then layers.
  package var findings: [Finding]

  /// A report.
  package init(texts: Int, layers: [LayerError], tensors: [TensorError], findings: [Finding]) {
    self.texts = texts
    self.layers = layers
    self.tensors = tensors
    self.findings = findings
  }
}
