/// Whose values the tensors hold that are not their own: a layer's that are another's, or two that are mixed up.
struct StrangeTensors {
  /// From a tensor to the one whose values it holds.
  private(set) var names: [String: String] = [:]
  /// Layers of which several tensors are another layer's.
  private(set) var layerFindings: [Finding] = []
  /// Tensors that need no finding of their own beside those.
  private(set) var explained: Set<String> = []

  init(_ strangers: [String: TensorAudit], _ expected: ExpectedTensors) throws(VerificationError) {
    var votes: [Int: [Int: [String]]] = [:]
    for origin in expected.origins {
      guard let audit = strangers[origin.name] else { continue }
      let own = Role(origin.name)
      for candidate in expected.origins where candidate.name != origin.name && candidate.shape == origin.shape {
        guard let other = expected.tensor(candidate), try audit.holds(other) else { continue }
        if let own, let theirs = Role(candidate.name), own.name == theirs.name {
          votes[own.layer, default: [:]][theirs.layer, default: []].append(origin.name)
        }
        if names[origin.name] == nil { names[origin.name] = candidate.name }
      }
    }
    for (layer, others) in votes.sorted(by: { $0.key < $1.key }) {
      // Vectors may be the same in several layers: the layer that explains most.
      guard let best = others.max(by: { ($0.value.count, -$0.key) < ($1.value.count, -$1.key) }),
        best.value.count > 1
      else { continue }
      explained.formUnion(best.value)
      layerFindings.append(
        Finding(
          place: "layers.\(layer)",
          message: "\(best.value.count) tensors hold the values of layers.\(best.key) in the \(expected.name)"))
    }
  }

  /// A layer's tensor: `layers.2.attention.value.weight`.
  private struct Role {
    let layer: Int
    let name: String

    init?(_ tensor: String) {
      let parts = tensor.split(separator: ".", maxSplits: 2)
      guard parts.count == 3, parts[0] == "layers", let layer = Int(parts[1]) else { return nil }
      self.layer = layer
      name = String(parts[2])
    }
  }
}

extension TensorAudit {
  /// Whether the tensor, but for a tenth of its rows, is what would be made of `other`. The first rows decide nearly always.
  func holds(_ other: ExpectedTensor) throws(VerificationError) -> Bool {
    var (ours, theirs) = (Array(repeating: Float(0), count: columns), Array(repeating: Float(0), count: columns))
    var failures = 0
    for row in 0..<stored.rows {
      stored.read(row, into: &ours)
      try other.read(row, into: &theirs)
      let figures = RowBlock.Figures(ours, theirs, 0..<columns)
      let cost = RowCost(stored, row, other, row, original: theirs)
      if figures.error > cost.allowance(0..<columns, signal: figures.signal) {
        failures += 1
        if 10 * failures > stored.rows { return false }
      }
    }
    return true
  }
}
