import CKernels
import CPlatform
import Glibc
import Synchronization

/// Threads that stay: work is handed to all of them at once, each told its index.
///
/// A worker spins a short while for the next piece of work and then sleeps, so that the many small steps of a forward pass
/// cost a microsecond each and an idle session costs nothing. Work is divided statically, by index. One caller at a time.
final class ThreadPool {
  static let maximumCount = 256

  /// Threads that work, the caller included.
  let count: Int
  private let shared = Shared()
  private var threads: [pthread_t] = []

  /// Starts `count` − 1 threads.
  init(count: Int) {
    precondition(count >= 1)
    var started = 1
    for index in 1..<max(count, 1) {
      let context = Unmanaged.passRetained(WorkerContext(shared: shared, index: index))
      var thread = pthread_t()
      let code = pthread_create(&thread, nil, workerMain, context.toOpaque())
      guard code == 0 else {
        // Fewer threads give the same bits.
        context.release()
        break
      }
      threads.append(thread)
      started += 1
    }
    self.count = started
  }

  deinit {
    shared.publish { $0.stops = true }
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Calls `body(index)` for every index below ``count``, each on its own thread, and returns when all have.
  func run(_ body: (Int) -> Void) {
    guard count > 1 else { return body(0) }
    withoutActuallyEscaping(body) { body in
      shared.remaining.store(count - 1, ordering: .relaxed)
      shared.publish { $0.job = body }
      body(0)
      var spins = 0
      while shared.remaining.load(ordering: .acquiring) != 0 {
        spins += 1
        // The partner may have been descheduled: let it run.
        if spins % 4096 == 0 { sched_yield() }
      }
      shared.job = nil
    }
  }

  /// Calls `body` with this thread's share of `0 ..< items`, contiguous.
  func split(_ items: Int, _ body: (Int, Range<Int>) -> Void) {
    guard items > 1, count > 1 else {
      if items > 0 { body(0, 0..<items) }
      return
    }
    run { index in
      let lower = items * index / count
      let upper = items * (index + 1) / count
      if lower < upper { body(index, lower..<upper) }
    }
  }

  /// The number of threads to use where nobody says: the processors this process may run on.
  static var defaultCount: Int { min(Int(glcp_available_processors()), maximumCount) }
}

/// What the threads of a pool look at.
private final class Shared: @unchecked Sendable {
  // Written by the caller before the generation moves on, read by workers after they saw it move.
  var job: ((Int) -> Void)?
  var stops = false
  let generation = Atomic<UInt>(0)
  let remaining = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Makes a change that all workers then see.
  func publish(_ change: (Shared) -> Void) {
    change(self)
    generation.add(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns the generation once it is another than `seen`.
  func wait(after seen: UInt) -> UInt {
    // About 50 µs: longer than the steps between two pieces of work of one forward pass.
    for _ in 0..<50_000 {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
    }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    pthread_mutex_lock(mutex)
    var now = generation.load(ordering: .sequentiallyConsistent)
    while now == seen {
      pthread_cond_wait(condition, mutex)
      now = generation.load(ordering: .sequentiallyConsistent)
    }
    pthread_mutex_unlock(mutex)
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    return now
  }
}

private final class WorkerContext {
  let shared: Shared
  let index: Int

  init(shared: Shared, index: Int) {
    self.shared = shared
    self.index = index
  }
}

private func workerMain(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  let context = Unmanaged<WorkerContext>.fromOpaque(raw).takeRetainedValue()
  let shared = context.shared
  // For the whole life of the thread: it runs nothing but kernels.
  _ = glck_enter()
  var seen: UInt = 0
  while true {
    seen = shared.wait(after: seen)
    if shared.stops { return nil }
    shared.job?(context.index)
    shared.remaining.subtract(1, ordering: .releasing)
  }
}
