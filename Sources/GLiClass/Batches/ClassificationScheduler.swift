import Engine
import GLCFormat
import ModelCore
import Synchronization
import Tokenization

/// Classifies many texts on all processors.
///
/// Every thread has a session of its own that computes on that thread alone: nobody waits for anybody within a forward pass.
/// Texts are tokenized in parallel, their passes sorted by length and computed in batches of like length, the longest first.
/// A single pass is computed by all threads together. Results are those of each text alone, to the bit.
///
/// ```swift
/// let scheduler = try ClassificationScheduler(model: GLiClassModel(path: "model.glc"))
/// for result in scheduler.classify(requests) { print(try result.get().predicted) }
/// ```
///
/// One caller at a time.
public final class ClassificationScheduler {
  /// The model it runs.
  public let model: GLiClassModel
  private let options: SessionOptions
  /// Computes with all threads.
  private let wide: GLiClassSession
  /// One a thread, made when there is work for them.
  private var narrow: [GLiClassSession] = []

  /// Threads that work.
  public var threadCount: Int { wide.engine.threadCount }

  /// Requests to hand in at once: enough that the end, when some threads have nothing left, is a small part of the time.
  public var windowSize: Int { 128 * threadCount }

  /// A scheduler with threads and memory of its own.
  /// - Throws: ``GLiClassError/engine(_:)`` for an instruction set or thread count that cannot be had.
  public init(model: GLiClassModel, options: SessionOptions = SessionOptions()) throws(GLiClassError) {
    self.model = model
    self.options = options
    wide = try model.makeSession(options: options)
  }

  /// Classifies every request by itself, in order: an error is that of its request only.
  public func classify(_ requests: [ClassificationRequest]) -> [Result<Classification, GLiClassError>] {
    do throws(GLiClassError) { try prepare() } catch { return requests.map { _ in .failure(error) } }
    let plans = inParallel(requests) { session, request in
      Result { () throws(GLiClassError) in try session.plan(request) }
    }
    var passes: [ScheduledPass] = []
    for case .success(let plan) in plans {
      passes += plan.passes.map { ScheduledPass(prompt: $0, embeddings: plan.request.options.returnsEmbeddings) }
    }
    var outputs = outputs(passes)[...]
    return plans.map { plan in
      plan.flatMap { plan in
        defer { outputs = outputs.dropFirst(plan.passes.count) }
        let own = outputs.prefix(plan.passes.count)
        return Result { () throws(GLiClassError) in
          var all: [EngineOutput] = []
          for output in own { all.append(try output.get()) }
          return plan.classification(all[...])
        }
      }
    }
  }

  /// The input that each request becomes with its whole text and all its labels in one pass, whatever its chunking; tokenized in
  /// parallel.
  package func prompts(_ requests: [ClassificationRequest]) -> [Result<Prompt, GLiClassError>] {
    do throws(GLiClassError) { try prepare() } catch { return requests.map { _ in .failure(error) } }
    return inParallel(requests) { session, request in
      Result { () throws(GLiClassError) in try session.prompt(request) }
    }
  }

  /// The logits of inputs that are tokens already, each by itself: an error is that of its input only.
  package func logits(_ prompts: [EnginePrompt]) -> [Result<[Float], GLiClassError>] {
    do throws(GLiClassError) { try prepare() } catch { return prompts.map { _ in .failure(error) } }
    return results(prompts, length: \.tokens.count) { session, prompts throws(GLiClassError) in
      try session.logits(prompts)
    }
  }

  private func prepare() throws(GLiClassError) {
    var own = options
    own.threads = 1
    while threadCount > 1, narrow.count < threadCount { narrow.append(try model.makeSession(options: own)) }
  }

  /// The outputs of all passes, in order.
  private func outputs(_ passes: [ScheduledPass]) -> [Result<EngineOutput, GLiClassError>] {
    results(passes, length: \.prompt.ids.count) { session, passes throws(GLiClassError) in
      try session.run(passes.map(\.prompt), embeddings: passes.contains(where: \.embeddings))
    }
  }

  /// What `body` makes of all inputs, in order. It is called with batches of inputs of like length.
  private func results<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], length: (Input) -> Int,
    _ body: @Sendable (GLiClassSession, [Input]) throws(GLiClassError) -> [Output]
  ) -> [Result<Output, GLiClassError>] {
    let batches = Self.batches(inputs.map(length), threads: threadCount)
    let found =
      if batches.count < threadCount {
        batches.map { Self.run($0.map { inputs[$0] }, wide, body) }
      } else {
        inParallel(batches) { session, batch in Self.run(batch.map { inputs[$0] }, session, body) }
      }
    var results = inputs.map { _ in Result<Output, GLiClassError>?.none }
    for (batch, found) in zip(batches, found) {
      for (index, result) in zip(batch, found) { results[index] = result }
    }
    return results.compactMap(\.self)
  }

  /// Indices of passes, those of like length together and the longest first: what is left for the end is short.
  static func batches(_ lengths: [Int], threads: Int) -> [[Int]] {
    let total = lengths.reduce(0, +)
    let limit = min(batchTokens, total / max(threads, 1) + 1)
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    var batches: [[Int]] = []
    var tokens = 0
    for index in order {
      if tokens + lengths[index] > limit || batches.isEmpty {
        batches.append([])
        tokens = 0
      }
      batches[batches.count - 1].append(index)
      tokens += lengths[index]
    }
    return batches
  }

  private static let batchTokens = 1024

  /// What `body` makes of one batch. Where one of its inputs fails, each by itself, to find out which.
  private static func run<Input, Output>(
    _ inputs: [Input], _ session: GLiClassSession,
    _ body: (GLiClassSession, [Input]) throws(GLiClassError) -> [Output]
  ) -> [Result<Output, GLiClassError>] {
    do throws(GLiClassError) {
      return try body(session, inputs).map { .success($0) }
    } catch {
      if inputs.count == 1 { return [.failure(error)] }
      return inputs.map { input in Result { () throws(GLiClassError) in try body(session, [input])[0] } }
    }
  }

  /// `body` of every item, in order, each on the next thread that is free and with that thread's session.
  private func inParallel<Item: Sendable, Value: Sendable>(
    _ items: [Item], _ body: @Sendable (GLiClassSession, Item) -> Value
  ) -> [Value] {
    guard threadCount > 1, items.count > 1 else { return items.map { body(wide, $0) } }
    // SAFETY: every session is used by one thread.
    nonisolated(unsafe) let sessions = narrow
    let next = Atomic<Int>(0)
    let values = Mutex<[Value?]>(Array(repeating: nil, count: items.count))
    Threads.run(min(threadCount, items.count)) { thread in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < items.count else { return }
        let value = body(sessions[thread], items[index])
        values.withLock { $0[index] = value }
      }
    }
    return values.withLock { $0.compactMap(\.self) }
  }
}

/// A forward pass of one of many requests.
private struct ScheduledPass: Sendable {
  var prompt: Prompt
  var embeddings: Bool
}
