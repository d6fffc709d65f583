import ModelCore

/// Sees the values of forward passes at a few points, and may replace what layers read: to find where two models part.
///
/// While a session has one, all rows of all layers are computed, which changes no bit of those that are read. Without one it costs
/// a comparison a step.
package final class Probe {
  /// A point of the forward pass. Rows are those of all tokens of the batch unless said otherwise.
  package enum Stage: Sendable {
    /// After LayerNorm: what the first layer reads.
    case embeddings
    /// After the attention block and its LayerNorm.
    case attention
    /// After the first product of the feed-forward network and the activation function, before it is quantized: some rows at a
    /// time.
    case feedForward
    /// After the feed-forward block and its LayerNorm, and the convolution: what the next layer reads.
    case output
    /// The projected text, normalized where the model does so: a row a text, or with pooling `pass` a row a token of it.
    case text
    /// The projected classes, a row a label.
    case classes
    /// One row of one value a label, calibrated where the model has a calibrator.
    case logits
  }

  /// Rows of values where the pass keeps them: only while they are shown.
  package struct Rows {
    /// The number of the first of them, where they are not all.
    package let first: Int
    /// How many they are.
    package let count: Int
    /// Values of a row.
    package let columns: Int
    private let base: UnsafeMutablePointer<Float>
    private let stride: Int

    init(_ base: UnsafeMutablePointer<Float>, stride: Int, first: Int = 0, count: Int, columns: Int) {
      self.base = base
      self.stride = stride
      self.first = first
      self.count = count
      self.columns = columns
    }

    init(_ rows: ActivationRows, first: Int = 0, count: Int, columns: Int) {
      self.init(rows.floats, stride: rows.floatStride, first: first, count: count, columns: columns)
    }

    /// The values of one row, counted from ``first``.
    package subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(start: base + row * stride, count: columns)
    }
  }

  /// Called at every point; `layer` counts from 0 and is `nil` outside the encoder's layers.
  let observe: (_ layer: Int?, Stage, Rows) -> Void
  /// Called with the rows that a layer is about to read, after they were shown. Returns whether it wrote to them: then they are
  /// quantized again where the layer reads int8.
  let replace: ((_ layer: Int, Rows) -> Bool)?

  /// A probe that calls these.
  package init(
    observe: @escaping (_ layer: Int?, Stage, Rows) -> Void, replace: ((_ layer: Int, Rows) -> Bool)? = nil
  ) {
    self.observe = observe
    self.replace = replace
  }
}

extension ForwardPass {
  /// Shows the hidden rows, and lets the probe replace what the layer `next` reads.
  func probeStates(_ layer: Int?, _ stage: Probe.Stage, next: Int) throws(EngineError) {
    guard let probe = session.probe else { return }
    let rows = Probe.Rows(buffers.hidden, count: batch.tokens.count, columns: encoder.hiddenSize)
    probe.observe(layer, stage, rows)
    guard next < session.model.layers.count, let replace = probe.replace, replace(next, rows) else { return }
    try quantize(
      buffers.hidden, rows: rows.count, for: session.model.layers[next].query, "layer \(next), replaced states")
  }
}
