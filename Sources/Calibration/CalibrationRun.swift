import Checkpoints
import ModelCore
import Quantization
import ReferenceModel

/// Measures on texts what the linear layers of an encoder read, and finds for each of them how its weights are best quantized.
///
/// Layer by layer: the states of all texts are kept, and one layer's weights at a time. This is the module's main path, in run order.
/// Matrix products are OpenBLAS's, so results may differ from machine to machine; on one machine they are always the same, whatever the
/// number of threads.
public struct CalibrationRun: Sendable {
  private let checkpoint: Checkpoint
  private let inputs: [[Int32]]
  private let settings: CalibrationSettings

  /// - Parameter inputs: token ids of each text, prompt and all. Texts that say the same count once, those without a token not at all.
  public init(_ checkpoint: Checkpoint, inputs: [[Int32]], settings: CalibrationSettings = CalibrationSettings()) {
    self.checkpoint = checkpoint
    self.inputs = inputs
    self.settings = settings
  }

  /// - Parameters:
  ///   - scheme: how a linear layer of the encoder is quantized, by its name in the checkpoint without `.weight`; `nil` where it is not.
  ///     Asked once a layer. Of query, key and value all are to be quantized, or none.
  ///   - progress: called with the part of the work that is done, 0 to 1.
  /// - Returns: a solution for every layer that is quantized, by that name, and what was odd.
  /// - Throws: ``CalibrationError``.
  public func run(
    scheme: (String) -> IntegerScheme?, progress: (Double) -> Void = { _ in }
  ) throws(CalibrationError) -> (solutions: [String: LinearSolution], report: CalibrationReport) {
    let work = TextWork(inputs, threads: settings.threads)
    guard work.tokens > 0 else { throw .noTokens }
    let encoder = try lifting { () throws(ReferenceModelError) in try ReferenceEncoder(checkpoint) }
    let schemes = (0..<encoder.configuration.layerCount).map { LayerSchemes(layer: $0, scheme) }
    // Nobody asks for what lies behind the last layer that is quantized.
    let count = (schemes.lastIndex { !$0.isEmpty } ?? -1) + 1
    var (solutions, report) = ([String: LinearSolution](), CalibrationReport(work))
    var readers = try tableReaders(encoder)
    var states = try embeddings(encoder, work)
    var embedded = encoder.configuration.convolution == nil ? nil : states
    var done = 0
    for index in schemes.indices {
      let layer = try lifting { () throws(ReferenceModelError) in try encoder.layer(index) }
      for linear in [EncoderLinear.query, .key, .value, .intermediate] { readers?.add(layer.weight(linear)) }
      guard index < count else { continue }
      var calibration = LayerCalibration(
        layer, settings, work, path: checkpoint.weights.path, schemes: schemes[index])
      try calibration.run(&states, embeddings: embedded, goesOn: index + 1 < count) {
        done += 1
        progress(Double(done) / Double(count * LayerCalibration.steps))
      }
      embedded = nil
      solutions.merge(calibration.solutions) { first, _ in first }
      report.groups += calibration.reports
    }
    if let readers {
      var table = LinearSolution()
      table.compensation = readers.compensation(damping: settings.damping)
      solutions[Self.tableName] = table
    }
    return (solutions, report)
  }

  /// The embedding table among the solutions: its name in the checkpoint without `.weight`.
  public static let tableName = "model.encoder_model.embeddings.word_embeddings"

  /// For what reads the embedding table, those behind the layers already among it; `nil` where nobody asks, or a projection lies between.
  private func tableReaders(_ encoder: ReferenceEncoder) throws(CalibrationError) -> TableReaders? {
    guard settings.gptq else { return nil }
    return try lifting { () throws(ReferenceModelError) in
      guard let gains = try encoder.embeddingGains() else { return nil }
      var readers = TableReaders(gains: gains)
      for weight in try encoder.projectorWeights() { readers.add(weight) }
      return readers
    }
  }

  /// What the first layer reads. Pages of the table are given back now and then: all texts together may touch most of them.
  private func embeddings(_ encoder: ReferenceEncoder, _ work: TextWork) throws(CalibrationError) -> TextStates {
    var states: TextStates = []
    for chunk in work.chunks {
      states += try work.map(chunk) { (text) throws(ReferenceModelError) in
        try encoder.embeddings(of: work.ids[text])
      }
      encoder.discardEmbeddings()
    }
    return states
  }
}

extension CalibrationReport {
  /// What is known before anything is measured.
  fileprivate init(_ work: TextWork) {
    inputs = work.ids.count
    tokens = work.tokens
    emptyInputs = work.empty
    repeatedInputs = work.repeated
  }
}

/// Runs `body`, with errors of the reference model as those of the checkpoint.
private func lifting<Value>(_ body: () throws(ReferenceModelError) -> Value) throws(CalibrationError) -> Value {
  do throws(ReferenceModelError) { return try body() } catch { throw .model(error) }
}
