import Checkpoints
import GLCFormat
import ModelCore
import ReferenceModel

/// What a tensor should hold, read row by row in the form of the `.glc`.
struct ExpectedTensor {
  fileprivate enum Values {
    case view(TensorView)
    case computed([Float])
    case stored(StoredTensor)
  }

  let shape: [Int]
  private let values: Values

  fileprivate init(_ shape: [Int], _ values: Values) {
    self.shape = shape
    self.values = values
  }

  /// The part of a row's energy that may differ for other reasons than its encoding: what is computed is not computed in the same
  /// order on both sides (here in f32: 60 dB leave room for cancellation).
  var tolerance: Double { if case .computed = values { 1e-6 } else { 1e-10 } }

  /// Writes a row to an array of as many values.
  func read(_ row: Int, into target: inout [Float]) throws(VerificationError) {
    let elements = row * target.count..<(row + 1) * target.count
    switch values {
    case .view(let view):
      var failure: CheckpointError?
      target.withUnsafeMutableBufferPointer { buffer in
        do throws(CheckpointError) { try view.readFloats(elements: elements, into: buffer) } catch { failure = error }
      }
      if let failure { throw .underlying(failure) }
    case .computed(let values): target.replaceSubrange(target.indices, with: values[elements])
    case .stored(let stored): stored.read(row, into: &target)
    }
  }

  /// Rows are not needed any more, so that their pages need not stay.
  func discard(rows: Range<Int>, columns: Int) {
    if case .view(let view) = values { view.discard(elements: rows.lowerBound * columns..<rows.upperBound * columns) }
  }

  /// As ``StoredTensor/step(_:peak:)``, of this side.
  func step(_ row: Int, peak: Double) -> Double {
    if case .stored(let stored) = values { stored.step(row, peak: peak) } else { 0 }
  }

  /// As ``StoredTensor/noise(_:signal:peak:)``, of this side.
  func noise(_ row: Int, signal: Double, peak: Double) -> Double {
    if case .stored(let stored) = values { stored.noise(row, signal: signal, peak: peak) } else { 0 }
  }
}

/// Everything that a `.glc` should hold.
struct ExpectedTensors {
  /// As messages call what it is from: `checkpoint` or `baseline`.
  let name: String
  /// What there should be, in the order of the forward pass.
  let origins: [TensorOrigin]
  private let source: Source

  private enum Source {
    case checkpoint(Checkpoint, ReferenceModel)
    case baseline(GLCFile)
  }

  /// What the checkpoint makes of it; `reference` computes what is not simply there.
  init(_ checkpoint: Checkpoint, _ reference: ReferenceModel) {
    name = "checkpoint"
    origins = TensorOrigin.all(
      checkpoint.configuration, weightedStates: checkpoint.tensor(TensorOrigin.weightedStates.source)?.shape.last)
    source = .checkpoint(checkpoint, reference)
  }

  /// What another `.glc` holds.
  init(baseline file: GLCFile) {
    name = "baseline"
    origins = TensorOrigin.all(of: file)
    source = .baseline(file)
  }

  /// What `origin` stands for; `nil` where this side does not have it, or not in a form that is known.
  func tensor(_ origin: TensorOrigin) -> ExpectedTensor? {
    switch source {
    case .baseline(let file):
      guard let record = try? file.record(origin.name),
        let stored = StoredTensor(record, in: file)
      else { return nil }
      return ExpectedTensor(record.shape, .stored(stored))
    case .checkpoint(let checkpoint, let reference): return tensor(origin, checkpoint, reference)
    }
  }

  private func tensor(
    _ origin: TensorOrigin, _ checkpoint: Checkpoint, _ reference: ReferenceModel
  ) -> ExpectedTensor? {
    let encoder = checkpoint.configuration.encoder
    let values: [Float]?
    switch origin.source {
    case .whole(let name), .firstRow(let name):
      guard let view = checkpoint.tensor(name), view.dtype != nil,
        let count = origin.shape.checkedElementCount(),
        origin.source == .firstRow(name) ? view.elementCount >= count : view.elementCount == count
      else { return nil }
      return ExpectedTensor(origin.shape, .view(view))
    case .relativeKeys(let layer): values = reference.relativeKeys(layer: layer).map { $0.byHead(encoder) }
    case .relativeQueries(let layer): values = reference.relativeQueries(layer: layer).map { $0.byHead(encoder) }
    case .convolution: values = Self.matrix(of: reference.convolutionTaps)
    }
    guard let values, values.count == origin.shape.checkedElementCount() else { return nil }
    return ExpectedTensor(origin.shape, .computed(values))
  }

  /// `weight[o][t · H + c]`: a row an output, the taps side by side.
  private static func matrix(of taps: [ReferenceMatrix]) -> [Float] {
    guard let rows = taps.first?.rows else { return [] }
    return (0..<rows).flatMap { row in taps.flatMap { $0[row: row] } }
  }
}

extension ReferenceMatrix {
  /// [rows][heads · d] as [heads][rows][d].
  fileprivate func byHead(_ encoder: EncoderConfiguration) -> [Float] {
    let size = encoder.headSize
    var all: [Float] = []
    all.reserveCapacity(values.count)
    for head in 0..<encoder.headCount {
      for row in 0..<rows {
        let start = row * columns + head * size
        all += values[start..<start + size]
      }
    }
    return all
  }
}

extension TensorOrigin {
  /// What the metadata of `file` read.
  static func all(of file: GLCFile) -> [TensorOrigin] {
    let states = file.records.first { $0.name == weightedStates.name }?.shape.last
    return all(file.configuration, weightedStates: states)
  }
}
