import CKernels
import GLCFormat
import ModelCore

/// How a session computes. No choice changes a bit of the logits.
public struct EngineOptions: Sendable {
  /// Threads, the caller's included; `nil` is the processors this process may run on.
  public var threads: Int?
  /// `nil` is what `GLC_ISA` asks for, or the best.
  public var instructionSet: InstructionSet?
  /// Whether the last layer is computed for the rows that the head reads only.
  public var skipsUnreadRows = true
  /// Whether steps are divided over the threads however small they are: for tests.
  package var dividesEverything = false

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
  private var batch = Batch()
  var profile: Profile?
  /// Sees the values of forward passes from now on; `nil` costs a comparison a step.
  package var probe: Probe?

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
    pool = ThreadPool(count: threads, leastShare: options.dividesEverything ? 0 : Work.leastShare)
    failures = Failures(pool.count)
    relativePositions = RelativePositions(model.configuration.encoder)
    model.prefetch()
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

  /// The logits of all prompts, one after another, in place of what `logits` held. Once it has met inputs of the same sizes it
  /// allocates nothing.
  /// - Throws: as ``outputs(_:embeddings:)``.
  public func logits(_ prompts: [EnginePrompt], into logits: inout [Float]) throws(EngineError) {
    logits.removeAll(keepingCapacity: true)
    try run(prompts) { outputs, _ in logits.append(contentsOf: outputs.logits) }
  }

  /// What the model says of every prompt, in order.
  /// - Parameter embeddings: whether the projected text and classes are wanted too.
  /// - Throws: ``EngineError/tokenOutsideVocabulary(id:vocabularySize:)``, ``EngineError/invalidPrompt(expected:found:)``,
  ///   ``EngineError/notFinite(path:place:)``, and an I/O error where the file was shortened.
  public func outputs(_ prompts: [EnginePrompt], embeddings: Bool = false) throws(EngineError) -> [EngineOutput] {
    var results: [EngineOutput] = []
    results.reserveCapacity(prompts.count)
    try run(prompts) { outputs, batch in
      for text in batch.texts { results.append(outputs.output(of: text, embeddings: embeddings)) }
    }
    return results
  }

  /// Batch by batch, in order. `take` sees the outputs of each before the next one overwrites them.
  private func run(_ prompts: [EnginePrompt], _ take: (BatchOutputs, Batch) -> Void) throws(EngineError) {
    for prompt in prompts { try check(prompt) }
    let environment = glck_enter()
    defer { glck_leave(environment) }
    do throws(EngineError) {
      profile?.begin()
      var start = 0
      while start < prompts.count {
        var end = start + 1
        var tokens = prompts[start].tokens.count
        while end < prompts.count, tokens + prompts[end].tokens.count <= Self.batchTokens {
          tokens += prompts[end].tokens.count
          end += 1
        }
        batch.fill(prompts[start..<end], model.configuration)
        take(try forward(), batch)
        start = end
      }
    } catch {
      // What was read of a file that became shorter says nothing about the file.
      try checkIntact()
      throw error
    }
    try checkIntact()
  }

  private func checkIntact() throws(EngineError) {
    do throws(ModelCoreError) { try model.file.file.checkIntact() } catch { throw .format(.file(error)) }
  }

  private func forward() throws(EngineError) -> BatchOutputs {
    let encoder = model.configuration.encoder
    let shape = BatchShape(
      batch, threads: pool.count, configuration: model.configuration, attention: model.attention,
      summedStates: model.head.layerWeights?.count ?? 0,
      relativeRows: encoder.usesRelativePositions ? relativePositions.rows(length: batch.longest) : 0..<0,
      int4Inputs: model.int4Inputs)
    let work = model.layers.first?.work(tokens: batch.tokens.count) ?? 0
    pool.limit = work * model.layers.count < Work.leastPass && !options.dividesEverything ? 1 : pool.count
    return try ForwardPass(session: self, batch: batch, buffers: try workspace.buffers(shape)).run()
  }

  /// Calls `body` with `context` on every thread that works for this session: for tests that watch them.
  package func onEachThread<Context>(_ context: Context, _ body: @escaping (Context) -> Void) {
    pool.run(threads: pool.count, (context: context, body: body)) { own, _ in own.body(own.context) }
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
