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
  /// Where the rows are not all of those of ``values`` in their order: which they are, and −1 for those that are not there.
  private let rows: [Int]?

  fileprivate init(_ shape: [Int], _ values: Values, rows: [Int]? = nil) {
    self.shape = shape
    self.values = values
    self.rows = rows
  }

  /// Whether there is nothing to hold this row against.
  func lacks(_ row: Int) -> Bool { rows.map { $0[row] < 0 } ?? false }

  /// The part of a row's energy that may differ for other reasons than its encoding: what is computed is not computed in the same
  /// order on both sides (here in f32: 60 dB leave room for cancellation).
  var tolerance: Double { if case .computed = values { 1e-6 } else { 1e-10 } }

  /// Writes a row to an array of as many values; zeros for one that is not there.
  func read(_ row: Int, into target: inout [Float]) throws(VerificationError) {
    guard !lacks(row) else {
      target = Array(repeating: 0, count: target.count)
      return
    }
    let row = rows?[row] ?? row
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
    guard case .view(let view) = values, let first = rows.first, let last = rows.last else { return }
    let (start, end) = self.rows.map { ($0[first], $0[last] + 1) } ?? (first, last + 1)
    if start >= 0, end > start { view.discard(elements: start * columns..<end * columns) }
  }

  /// What the encoding of this side costs a row whose values are `original`.
  func cost(_ row: Int, original: [Float]) -> EncodingCost {
    guard case .stored(let stored) = values, !lacks(row) else { return .none }
    return EncodingCost(stored, rows?[row] ?? row, original: original)
  }
}

/// Everything that a `.glc` should hold.
struct ExpectedTensors {
  /// As messages call what it is from: `checkpoint` or `baseline`.
  let name: String
  /// What there should be, in the order of the forward pass.
  let origins: [TensorOrigin]
  private let source: Source
  /// Of the table of tokens.
  private let tokenRows: [Int]?

  private enum Source {
    case checkpoint(Checkpoint, ReferenceModel)
    case baseline(GLCFile)
  }

  /// What the checkpoint makes of it; `reference` computes what is not simply there.
  init(_ checkpoint: Checkpoint, _ reference: ReferenceModel, _ vocabulary: VocabularyTranslation) {
    name = "checkpoint"
    tokenRows = vocabulary.otherRows
    origins = TensorOrigin.all(
      checkpoint.configuration, weightedStates: checkpoint.tensor(TensorOrigin.weightedStates.source)?.shape.last)
    source = .checkpoint(checkpoint, reference)
  }

  /// What another `.glc` holds.
  init(baseline file: GLCFile, _ vocabulary: VocabularyTranslation) {
    name = "baseline"
    tokenRows = vocabulary.otherRows
    origins = TensorOrigin.all(of: file)
    source = .baseline(file)
  }

  /// Whether biases of this side were changed by bias correction.
  var hasCorrectedBiases: Bool {
    if case .baseline(let file) = source { file.hasCorrectedBiases } else { false }
  }

  /// What `origin` stands for; `nil` where this side does not have it, or not in a form that is known.
  func tensor(_ origin: TensorOrigin) -> ExpectedTensor? {
    switch source {
    case .baseline(let file):
      guard let record = try? file.record(origin.name),
        let stored = StoredTensor(record, in: file)
      else { return nil }
      return selected(origin, record.shape, .stored(stored))
    case .checkpoint(let checkpoint, let reference): return tensor(origin, checkpoint, reference)
    }
  }

  /// Of the table of tokens, the rows that the model has.
  private func selected(_ origin: TensorOrigin, _ shape: [Int], _ values: ExpectedTensor.Values) -> ExpectedTensor? {
    guard let tokenRows, origin.name == TensorOrigin.tokens else { return ExpectedTensor(shape, values) }
    guard tokenRows.allSatisfy({ $0 < shape[0] }) else { return nil }
    return ExpectedTensor([tokenRows.count] + shape.dropFirst(), values, rows: tokenRows)
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
      return selected(origin, origin.shape, .view(view))
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
