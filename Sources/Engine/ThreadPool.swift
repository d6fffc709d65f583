import CPlatform

/// Threads that stay: work is handed to as many of them as it is worth, each told its index.
///
/// A worker stays awake a short while for the next piece of work and then sleeps, so that the many small steps of a forward pass
/// cost a microsecond each and an idle session costs nothing. Work is divided statically, by index; a worker that has no
/// share is neither woken nor waited for. One caller at a time.
///
/// Bodies are handed what they work on as a context, and capture nothing: a closure that captures lives on the heap as soon
/// as another thread may call it, and a step is to allocate nothing.
package final class ThreadPool {
  static let maximumCount = 256

  /// Threads that work, the caller included.
  package let count: Int
  /// How many of them may work now: a small forward pass is faster without the others.
  var limit: Int
  private let workers: [PoolWorker]
  private let remaining = Countdown()
  private let leastShare: Int
  /// With more threads than processors, one that keeps its processor may keep the one it waits for from running.
  private let pauses: Bool

  /// Starts `count` − 1 threads.
  /// - Parameter leastShare: work that a thread is woken for, in nanoseconds.
  package init(count: Int, leastShare: Int) {
    precondition(count >= 1)
    self.leastShare = leastShare
    pauses = count <= glcp_available_processors()
    var workers: [PoolWorker] = []
    for index in 1..<max(count, 1) {
      // Fewer threads give the same bits.
      guard let worker = PoolWorker(index: index, remaining: remaining, pauses: pauses) else { break }
      workers.append(worker)
    }
    self.workers = workers
    self.count = workers.count + 1
    limit = self.count
  }

  deinit {
    for worker in workers { worker.stop() }
  }

  /// The threads that are worth their synchronization, which costs about a microsecond.
  /// - Parameter work: what one thread would take, about, in nanoseconds on the fastest kernels.
  func threads(for work: Int) -> Int {
    leastShare == 0 ? limit : max(1, min(limit, work / leastShare))
  }

  /// Calls `body(context, index)` for every index below `threads`, each on its own thread, and returns when all have.
  package func run<Context>(threads: Int, _ context: Context, _ body: @escaping (Context, Int) -> Void) {
    precondition(threads <= count)
    guard threads > 1 else { return body(context, 0) }
    withUnsafePointer(to: Step(context: context, body: body)) { step in
      start(
        PoolJob(step: step) { raw, index in
          let step = raw.assumingMemoryBound(to: Step<Context>.self)
          step.pointee.body(step.pointee.context, index)
        }, threads: threads)
    }
  }

  /// Calls `body` with each thread's share of `0 ..< items`, contiguous, on as many threads as `work` is worth.
  package func split<Context>(
    _ items: Int, work: Int, _ context: Context, _ body: @escaping (Context, Int, Range<Int>) -> Void
  ) {
    guard items > 0 else { return }
    let parts = min(items, threads(for: work))
    guard parts > 1 else { return body(context, 0, 0..<items) }
    run(threads: parts, Shares(items: items, parts: parts, context: context, body: body)) { shares, index in
      let lower = shares.items * index / shares.parts
      let upper = shares.items * (index + 1) / shares.parts
      shares.body(shares.context, index, lower..<upper)
    }
  }

  private func start(_ job: PoolJob, threads: Int) {
    remaining.set(threads - 1)
    for index in 0..<threads - 1 { workers[index].hand(job) }
    job.run(0)
    remaining.wait(pauses: pauses)
  }

  /// The number of threads to use where nobody says: the processors that this process may run on, or that its control groups
  /// leave it the time of.
  static var defaultCount: Int {
    min(Int(glcp_available_processors()), ProcessorQuota().processors ?? maximumCount, maximumCount)
  }
}

/// A step on its caller's stack.
private struct Step<Context> {
  let context: Context
  let body: (Context, Int) -> Void
}

/// A step whose threads take shares of some items.
private struct Shares<Context> {
  let items: Int
  let parts: Int
  let context: Context
  let body: (Context, Int, Range<Int>) -> Void
}
