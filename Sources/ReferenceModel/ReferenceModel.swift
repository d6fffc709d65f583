import COpenBLAS
import Checkpoints
import ModelCore

/// A plain single-precision forward pass of a GLiClass uni-encoder with a DeBERTa-v2/v3 encoder, straight from a checkpoint.
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
  private let relative: [RelativeProjections]
  private let head: ReferenceHead

  /// Loads every weight as `Float`, except the word embeddings, whose rows are read from the file as they are needed.
  /// - Throws: ``ReferenceModelError/checkpoint(_:)`` with all tensors that are missing, or the first of a wrong shape.
  public init(_ checkpoint: Checkpoint) throws(ReferenceModelError) {
    openblas_set_num_threads(1)
    configuration = checkpoint.configuration
    path = checkpoint.weights.path
    let encoder = configuration.encoder
    let loader = try WeightLoader(checkpoint)
    tensorNames = loader.names
    embeddings = try ReferenceEmbeddings(loader, encoder)
    var layers: [ReferenceLayer] = []
    for index in 0..<encoder.layerCount { layers.append(try ReferenceLayer(loader, encoder, index: index)) }
    self.layers = layers
    head = try ReferenceHead(loader)
    let relativeStates = embeddings.relativeStates()
    relative = layers.map { $0.project(relative: relativeStates) }
  }

  /// One logit for each `<<LABEL>>` token of `inputIDs`, in their order; empty where there is none.
  /// - Parameters:
  ///   - inputIDs: Prompt and text, with the tokenizer's `[CLS]` first and `[SEP]` last.
  ///   - observer: Called with intermediate results as they arise.
  /// - Throws: ``ReferenceModelError``, for an empty or overlong input, an id outside the vocabulary, or a result that
  ///   is not finite.
  public func logits(
    inputIDs: [Int32], observer: ReferenceObserver? = nil
  ) throws(ReferenceModelError) -> [Float] {
    guard !inputIDs.isEmpty else { throw .emptyInput }
    guard inputIDs.count <= Self.maximumTokenCount else {
      throw .tooManyTokens(found: inputIDs.count, limit: Self.maximumTokenCount)
    }
    let positions = RelativePositions(tokenCount: inputIDs.count, configuration.encoder)
    var states = try embeddings.states(of: inputIDs)
    try check(states, layer: nil, .embeddings, observer)
    for (index, layer) in layers.enumerated() {
      states = layer.states(after: states, relative: relative[index], positions: positions) { stage, matrix in
        observer?(index, stage, matrix)
      }
      try check(states, layer: index, .output, observer)
    }
    let labels = inputIDs.indices.filter { Int(inputIDs[$0]) == configuration.prompt.labelTokenID }
    let text = head.text(states)
    observer?(nil, .text, text)
    let classes = head.classes(states, at: labels)
    observer?(nil, .classes, classes)
    let logits = head.logits(text: text, classes: classes)
    guard logits.allSatisfy(\.isFinite) else { throw .notFinite(path: path, layer: nil, stage: .logits) }
    return logits
  }

  private func check(
    _ states: ReferenceMatrix, layer: Int?, _ stage: ReferenceStage, _ observer: ReferenceObserver?
  ) throws(ReferenceModelError) {
    guard states.isFinite else { throw .notFinite(path: path, layer: layer, stage: stage) }
    observer?(layer, stage, states)
  }
}
