import CKernels
import GLCFormat
import ModelCore

/// One text with its labels, as token ids.
public struct EnginePrompt: Sendable, Equatable {
  /// All tokens, special tokens and markers included.
  public var tokens: [Int32]
  /// Where each label's token stands in ``tokens``, in the order of the labels.
  public var labelPositions: [Int]
  /// Labels behind those that have no token, because the input was cut off before them. The Python package gives them a logit all
  /// the same, made of zeros.
  public var lostLabelCount: Int

  /// A prompt.
  public init(tokens: [Int32], labelPositions: [Int], lostLabelCount: Int = 0) {
    self.tokens = tokens
    self.labelPositions = labelPositions
    self.lostLabelCount = lostLabelCount
  }
}

/// What the model says of one prompt.
public struct EngineOutput: Sendable, Equatable {
  /// One a label, calibrated where the model has a calibrator.
  public var logits: [Float]
  /// The logits before the calibrator; `nil` where the model has none.
  public var uncalibratedLogits: [Float]?
  /// The projected text and classes, where they were asked for.
  public var embeddings: EngineEmbeddings?
}

/// The projected features of one prompt, from which the scorer makes logits (`text_embeddings` and `class_embeddings` of
/// `gliclass`).
public struct EngineEmbeddings: Sendable, Equatable {
  /// One row of hidden size; with pooling `pass` one row a token of the text. (The package has rows of projected zeros behind them
  /// where it extracts the text from the input.)
  public var text: [[Float]]
  /// One row of hidden size a label.
  public var classes: [[Float]]
}

/// How a session computes. No choice changes a bit of the logits.
public struct EngineOptions: Sendable {
  /// Threads, the caller's included; `nil` is the processors this process may run on.
  public var threads: Int?
  /// `nil` is what `GLC_ISA` asks for, or the best.
  public var instructionSet: InstructionSet?
  /// Whether the last layer is computed for the rows that the head reads only.
  public var skipsUnreadRows = true

  /// The fastest way this machine has, unless said otherwise.
  public init(threads: Int? = nil, instructionSet: InstructionSet? = nil) {
    self.threads = threads
    self.instructionSet = instructionSet
  }
}

/// Runs a model: owns the threads and the memory that a forward pass needs.
///
/// One caller at a time; several sessions may share a model.
public final class EngineSession {
  /// The model it runs.
  public let model: EngineModel
  /// The kernels it runs on.
  public let instructionSet: InstructionSet
  let kernels: UnsafePointer<glck_kernels>
  let pool: ThreadPool
  /// Which threads met a row that was not finite, in the step that runs.
  let failures: Failures
  let options: EngineOptions
  var relativePositions: RelativePositions
  private let workspace = Workspace()

  /// Tokens computed at once; a longer single text is a batch of its own. Batches do not change logits.
  static let batchTokens = 1024
  /// Tokens a text may have: beyond this the squares of the length stop being reasonable.
  package static let maximumTokens = 65_536

  /// A session with threads and memory of its own.
  /// - Throws: ``EngineError`` for an instruction set or thread count that cannot be had.
  public init(_ model: EngineModel, options: EngineOptions = EngineOptions()) throws(EngineError) {
    self.model = model
    self.options = options
    if let chosen = options.instructionSet {
      instructionSet = chosen
    } else {
      instructionSet = try .fromEnvironment()
    }
    kernels = instructionSet.kernels
    let threads = options.threads ?? ThreadPool.defaultCount
    guard (1...ThreadPool.maximumCount).contains(threads) else { throw .invalidThreadCount(found: threads) }
    pool = ThreadPool(count: threads)
    failures = Failures(pool.count)
    relativePositions = RelativePositions(model.configuration.encoder)
  }

  /// Threads that work.
  public var threadCount: Int { pool.count }
  /// Bytes of working memory held.
  public var workspaceSize: Int { workspace.size }

  /// The logits of every prompt, one a label, in order.
  /// - Throws: as ``outputs(_:embeddings:)``.
  public func logits(_ prompts: [EnginePrompt]) throws(EngineError) -> [[Float]] {
    try outputs(prompts).map(\.logits)
  }

  /// What the model says of every prompt, in order.
  /// - Parameter embeddings: whether the projected text and classes are wanted too.
  /// - Throws: ``EngineError/tokenOutsideVocabulary(id:vocabularySize:)``, ``EngineError/invalidPrompt(expected:found:)``,
  ///   ``EngineError/notFinite(path:place:)``, and an I/O error where the file was shortened.
  public func outputs(_ prompts: [EnginePrompt], embeddings: Bool = false) throws(EngineError) -> [EngineOutput] {
    for prompt in prompts { try check(prompt) }
    let environment = glck_enter()
    defer { glck_leave(environment) }
    do throws(EngineError) {
      let results = try run(prompts, embeddings)
      try checkIntact()
      return results
    } catch {
      // What was read of a file that became shorter says nothing about the file.
      try checkIntact()
      throw error
    }
  }

  private func checkIntact() throws(EngineError) {
    do throws(ModelCoreError) { try model.file.file.checkIntact() } catch { throw .format(.file(error)) }
  }

  /// Batch by batch, in order.
  private func run(_ prompts: [EnginePrompt], _ embeddings: Bool) throws(EngineError) -> [EngineOutput] {
    var results: [EngineOutput] = []
    results.reserveCapacity(prompts.count)
    var start = 0
    while start < prompts.count {
      var end = start + 1
      var tokens = prompts[start].tokens.count
      while end < prompts.count, tokens + prompts[end].tokens.count <= Self.batchTokens {
        tokens += prompts[end].tokens.count
        end += 1
      }
      results += try forward(Batch(Array(prompts[start..<end]), model.configuration), embeddings)
      start = end
    }
    return results
  }

  private func forward(_ batch: Batch, _ embeddings: Bool) throws(EngineError) -> [EngineOutput] {
    let encoder = model.configuration.encoder
    let shape = BatchShape(
      batch, threads: pool.count, configuration: model.configuration, attention: model.attention,
      summedStates: model.head.layerWeights?.count ?? 0,
      relativeRows: encoder.usesRelativePositions ? relativePositions.rows(length: batch.longest) : 0..<0)
    let work = model.layers.first?.work(tokens: batch.tokens.count) ?? 0
    pool.limit = work * model.layers.count < Work.leastPass ? 1 : pool.count
    return try ForwardPass(
      session: self, batch: batch, buffers: try workspace.buffers(shape), returnsEmbeddings: embeddings
    ).run()
  }

  private func check(_ prompt: EnginePrompt) throws(EngineError) {
    let count = prompt.tokens.count
    let encoder = model.configuration.encoder
    let limit = encoder.absolutePositionCount > 0 ? encoder.absolutePositionCount : Self.maximumTokens
    guard count > 0, count <= limit else {
      throw .invalidPrompt(expected: "1 to \(limit) tokens", found: "\(count)")
    }
    let size = encoder.vocabularySize
    for token in prompt.tokens where token < 0 || Int(token) >= size {
      throw .tokenOutsideVocabulary(id: Int(token), vocabularySize: size)
    }
    guard (0...Self.maximumTokens).contains(prompt.lostLabelCount) else {
      throw .invalidPrompt(expected: "0 to \(Self.maximumTokens) lost labels", found: "\(prompt.lostLabelCount)")
    }
    for position in prompt.labelPositions where position < 0 || position >= count {
      throw .invalidPrompt(expected: "label positions below \(count)", found: "\(position)")
    }
  }
}
