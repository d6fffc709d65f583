import COpenBLAS
import Checkpoints
import ModelCore

/// A plain single-precision forward pass of a GLiClass uni-encoder with a DeBERTa-v2/v3 encoder, with every head and option,
/// straight from a checkpoint.
///
/// It exists to be right: it follows `transformers` `modeling_deberta_v2.py` and `gliclass` `model.py` step by step, for
/// batch size 1, and shares no numeric code with the engine. Matrix products are OpenBLAS's, one thread each, so that
/// results do not depend on how many texts run at once. Thread-safe. This is the module's main path, in run order.
public final class ReferenceModel: Sendable {
  /// The most tokens of an input; attention takes memory in proportion to their square.
  public static let maximumTokenCount = 8192

  /// What the checkpoint's `config.json` says.
  public let configuration: ModelConfiguration
  /// Names of the tensors that the model reads, sorted; others in the file have no part in its results.
  public let tensorNames: [String]
  private let path: String
  private let embeddings: ReferenceEmbeddings
  private let layers: [ReferenceLayer]
  let relative: [RelativeProjections]
  let convolution: ReferenceConvolution?
  private let layerWeights: ReferenceLayerWeights?
  private let head: ReferenceHead

  /// Loads every weight as `Float`, except the tables of embeddings, whose rows are read from the file as they are needed.
  /// - Throws: ``ReferenceModelError/checkpoint(_:)`` with all tensors that are missing, or the first of a wrong shape;
  ///   ``ReferenceModelError/tooManyLayerWeights(path:tensor:found:states:)``.
  public init(_ checkpoint: Checkpoint) throws(ReferenceModelError) {
    openblas_set_num_threads(1)
    configuration = checkpoint.configuration
    path = checkpoint.weights.path
    let encoder = configuration.encoder
    let loader = try WeightLoader(checkpoint)
    tensorNames = loader.names
    embeddings = try ReferenceEmbeddings(loader, configuration)
    var layers: [ReferenceLayer] = []
    for index in 0..<encoder.layerCount { layers.append(try ReferenceLayer(loader, encoder, index: index)) }
    self.layers = layers
    if encoder.usesRelativePositions, !layers.isEmpty {
      let states = try ReferenceRelativeEmbeddings(loader, encoder).states
      relative = layers.map { $0.project(relative: states) }
    } else {
      relative = layers.map { _ in RelativeProjections() }
    }
    if let own = encoder.convolution {
      convolution = try ReferenceConvolution(loader, encoder, own)
    } else {
      convolution = nil
    }
    layerWeights = configuration.head.squeezesLayers ? try ReferenceLayerWeights(loader) : nil
    head = try ReferenceHead(loader, configuration)
  }

  /// One logit for each `<<LABEL>>` token of `inputIDs`, in their order; empty where there is none.
  /// - Parameters:
  ///   - inputIDs: Prompt and text, with the tokenizer's `[CLS]` first and `[SEP]` last.
  ///   - observer: Called with intermediate results as they arise.
  /// - Throws: As ``outputs(inputIDs:labelCount:observer:)``.
  public func logits(
    inputIDs: [Int32], observer: ReferenceObserver? = nil
  ) throws(ReferenceModelError) -> [Float] {
    try outputs(inputIDs: inputIDs, observer: observer).logits
  }

  /// The logits of `inputIDs`, and the features that they are made of.
  /// - Parameters:
  ///   - inputIDs: Prompt and text, with the tokenizer's `[CLS]` first and `[SEP]` last.
  ///   - labelCount: The labels that were asked for, where some may have been truncated away: as in the package, those have
  ///     features all the same, made of zeros, and logits. Else as many as there are `<<LABEL>>` tokens.
  ///   - observer: Called with intermediate results as they arise.
  /// - Throws: ``ReferenceModelError``, for an empty or overlong input, an id outside the vocabulary, or a result that
  ///   is not finite.
  public func outputs(
    inputIDs: [Int32], labelCount: Int? = nil, observer: ReferenceObserver? = nil
  ) throws(ReferenceModelError) -> ReferenceModelOutput {
    try checkLength(inputIDs)
    let states = try hiddenStates(inputIDs, observer)
    let text = head.text(states, inputIDs)
    observer?(nil, .text, text.rows)
    let starts = inputIDs.indices.filter { Int(inputIDs[$0]) == configuration.prompt.labelTokenID }
    let count = labelCount ?? starts.count
    let classes = head.classes(states, inputIDs, starts: starts, count: count)
    observer?(nil, .classes, classes)
    let (uncalibrated, logits) = head.logits(
      text: text.rows, tokenCount: text.tokenCount, classes: classes, labelCount: min(count, starts.count))
    guard logits.allSatisfy(\.isFinite) else { throw .notFinite(path: path, layer: nil, stage: .logits) }
    return ReferenceModelOutput(logits: logits, uncalibratedLogits: uncalibrated, text: text.rows, classes: classes)
  }

  /// The states that the head reads, one row a token.
  private func hiddenStates(
    _ inputIDs: [Int32], _ observer: ReferenceObserver?
  ) throws(ReferenceModelError) -> ReferenceMatrix {
    let positions = RelativePositions(tokenCount: inputIDs.count, configuration.encoder)
    let embedded = try embeddings.states(of: inputIDs)
    try check(embedded, layer: nil, .embeddings, observer)
    var states = embedded
    // All of them are kept only where somebody asks for more than the last.
    var all = [embedded]
    for (index, layer) in layers.enumerated() {
      states = layer.states(after: states, relative: relative[index], positions: positions) { stage, matrix in
        observer?(index, stage, matrix)
      }
      if index == 0, let convolution { states = convolution.states(embeddings: embedded, after: states) }
      try check(states, layer: index, .output, observer)
      if layerWeights != nil { all.append(states) }
    }
    return layerWeights?.states(of: all) ?? states
  }

  private func checkLength(_ inputIDs: [Int32]) throws(ReferenceModelError) {
    guard !inputIDs.isEmpty else { throw .emptyInput }
    let limit = Self.tokenLimit(configuration.encoder)
    guard inputIDs.count <= limit else { throw .tooManyTokens(found: inputIDs.count, limit: limit) }
  }

  /// The most tokens of an input to a model with this encoder.
  package static func tokenLimit(_ encoder: EncoderConfiguration) -> Int {
    encoder.absolutePositionCount == 0 ? maximumTokenCount : min(encoder.absolutePositionCount, maximumTokenCount)
  }

  private func check(
    _ states: ReferenceMatrix, layer: Int?, _ stage: ReferenceStage, _ observer: ReferenceObserver?
  ) throws(ReferenceModelError) {
    guard states.isFinite else { throw .notFinite(path: path, layer: layer, stage: stage) }
    observer?(layer, stage, states)
  }
}
