import Engine
import ModelCore
import Tokenization

/// What a request asks of the engine: every part of its text with every group of its labels, one forward pass each.
struct ClassificationPlan {
  let request: ClassificationRequest
  /// Labels by group: indices into the request's names.
  let groups: [Range<Int>]
  /// The passes: part by part, and in each part group by group.
  let passes: [Prompt]
}

/// Makes plans. One a thread.
struct RequestPlanner: ~Copyable {
  private let model: GLiClassModel
  private var scratch = EncodingScratch()

  init(_ model: GLiClassModel) { self.model = model }

  /// The passes of `request`.
  /// - Throws: ``GLiClassError`` for a request that cannot be.
  mutating func plan(_ request: ClassificationRequest) throws(GLiClassError) -> ClassificationPlan {
    try request.check()
    let builder = try request.builder(of: model)
    let names = request.promptLabels
    let size = max(1, request.labelsPerPass ?? names.count)
    let groups = stride(from: 0, to: names.count, by: size).map { $0..<min($0 + size, names.count) }
    if groups.count != 1 || request.options.chunking != nil {
      // What a pass checks of its own part, asked of the whole: a label could be in two groups, a marker across two parts.
      do throws(TokenizationError) {
        try builder.check(names)
        try builder.check(text: request.text)
      } catch {
        throw .tokenization(error)
      }
    }
    let composer = PassComposer(builder: builder, request: request, groups: groups.map { Array(names[$0]) })
    return ClassificationPlan(request: request, groups: groups, passes: try composer.passes(&scratch))
  }

  /// The input that `request` becomes with the whole text and all labels in one pass.
  mutating func prompt(_ request: ClassificationRequest) throws(GLiClassError) -> Prompt {
    let composer = PassComposer(
      builder: try request.builder(of: model), request: request, groups: [request.promptLabels])
    return try composer.passes(of: composer.augmented(request.text), &scratch)[0]
  }
}

extension ClassificationRequest {
  /// The rules of `model`'s prompts with what the request changes of them.
  fileprivate func builder(of model: GLiClassModel) throws(GLiClassError) -> PromptBuilder {
    if let length = options.maximumLength, length > model.longestInput {
      throw .invalidMaximumLength(found: length, limit: model.longestInput)
    }
    do throws(TokenizationError) {
      return try model.prompts.limited(maximumLength: options.maximumLength, labelOverflow: options.labelOverflow)
    } catch {
      throw .tokenization(error)
    }
  }

  /// Labels as they stand in the prompt.
  fileprivate var promptLabels: [String] {
    options.lowercasesLabels ? labels.names.map { $0.lowercased() } : labels.names
  }

  fileprivate var labelsPerPass: Int? {
    if let own = options.labelsPerPass { return own }
    if case .reference = options.chunking { return Self.referenceLabelsPerPass }
    return nil
  }

  /// `labels_chunk_size` of the Python pipeline.
  private static var referenceLabelsPerPass: Int { 8 }

  /// Refuses what no text could make right.
  fileprivate func check() throws(GLiClassError) {
    if case .multiLabel(let threshold) = mode, !(0...1).contains(threshold) {
      throw .invalidThreshold(found: threshold)
    }
    if let size = options.labelsPerPass, size < 1 { throw .invalidLabelsPerPass(found: size) }
    if options.returnsEmbeddings, options.chunking != nil || options.labelsPerPass != nil {
      throw .embeddingsOfParts
    }
    try options.chunking?.check()
  }
}

extension Chunking {
  /// Refuses sizes that do not get through a text.
  func check() throws(GLiClassError) {
    let (size, overlap) =
      switch self {
      case .reference(let size, let overlap): (size, overlap)
      case .tokens(let size, let overlap): (size ?? .max, overlap ?? 0)
      }
    guard size >= 1, overlap >= 0, overlap < size else { throw .invalidChunking(size: size, overlap: overlap) }
  }
}
