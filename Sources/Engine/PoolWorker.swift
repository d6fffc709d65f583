import CKernels
import CPlatform
import Glibc
import ModelCore
import Synchronization

/// A step without its type: where it lies, and what calls it.
struct PoolJob {
  let step: UnsafeRawPointer
  let call: (UnsafeRawPointer, Int) -> Void

  init(step: UnsafeRawPointer, call: @escaping (UnsafeRawPointer, Int) -> Void) {
    self.step = step
    self.call = call
  }

  func run(_ index: Int) { call(step, index) }
}

/// One thread of a pool besides the caller's, and the place where it is handed its work.
final class PoolWorker: @unchecked Sendable {
  private let index: Int
  private let remaining: Countdown
  private let pauses: Bool
  private var thread = pthread_t()

  // Written by the caller before the generation moves on, read by the worker after it saw it move.
  private var job: PoolJob?
  private let generation = Atomic<UInt>(0)
  private let isAsleep = Atomic<Bool>(false)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Starts the thread. Returns `nil` where the system gives none.
  /// - Parameter pauses: whether it keeps its processor for a moment after each step.
  init?(index: Int, remaining: Countdown, pauses: Bool) {
    self.index = index
    self.remaining = remaining
    self.pauses = pauses
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    // The thread ends before `stop()` returns, and the pool keeps the worker till then.
    let context = Unmanaged.passUnretained(self)
    guard pthread_create(&thread, nil, workerMain, context.toOpaque()) == 0 else { return nil }
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Has the thread run `job`, and then count down.
  func hand(_ job: PoolJob) {
    self.job = job
    publish()
  }

  /// Ends the thread.
  func stop() {
    job = nil
    publish()
    pthread_join(thread, nil)
  }

  private func publish() {
    generation.add(1, ordering: .sequentiallyConsistent)
    guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns the generation once it is another than `seen`.
  private func wait(after seen: UInt) -> UInt {
    var spin = Spin(pauses: pauses)
    repeat {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
    } while spin.goesOn()
    isAsleep.store(true, ordering: .sequentiallyConsistent)
    pthread_mutex_lock(mutex)
    var now = generation.load(ordering: .sequentiallyConsistent)
    while now == seen {
      pthread_cond_wait(condition, mutex)
      now = generation.load(ordering: .sequentiallyConsistent)
    }
    pthread_mutex_unlock(mutex)
    isAsleep.store(false, ordering: .relaxed)
    return now
  }

  /// Steps one after another, until there is none in a new generation.
  fileprivate func work() {
    // For the whole life of the thread: it runs nothing but kernels.
    _ = glck_enter()
    var seen: UInt = 0
    while true {
      seen = wait(after: seen)
      guard let job else { return }
      job.run(index)
      remaining.down()
    }
  }
}

private func workerMain(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  Unmanaged<PoolWorker>.fromOpaque(raw).takeUnretainedValue().work()
  return nil
}

/// Workers whose share of a step is not done yet.
final class Countdown: Sendable {
  private let remaining = Atomic<Int>(0)

  func set(_ count: Int) { remaining.store(count, ordering: .relaxed) }

  func down() { remaining.subtract(1, ordering: .releasing) }

  /// Returns when all are done.
  func wait(pauses: Bool) {
    var spin = Spin(pauses: pauses)
    while remaining.load(ordering: .acquiring) != 0 { _ = spin.goesOn() }
  }
}

/// Waiting awake: at first without leaving the processor, then giving it to whoever else wants it, who may be the one that is
/// waited for.
private struct Spin {
  /// As long as the shares of a step differ that had a processor each; beyond, somebody may have none.
  private static let pauses = 2_000
  /// Longer than what lies between two steps of one forward pass. A sleeping thread takes 50 to 100 µs to wake.
  private static let nanoseconds = 200_000

  private let pauses: Int
  private var turns = 0
  private var start = 0
  private var elapsed = 0

  /// - Parameter pauses: whether it keeps the processor at first.
  init(pauses: Bool) { self.pauses = pauses ? Self.pauses : 0 }

  /// Waits a moment. Returns whether there is time left.
  mutating func goesOn() -> Bool {
    if elapsed < pauses {
      glcp_pause()
      turns += 1
      // The clock takes as long as a pause, or two.
      guard turns % 8 == 0 else { return true }
    } else {
      sched_yield()
    }
    let now = MonotonicClock.now
    if start == 0 { start = now }
    elapsed = now - start
    return elapsed < Self.nanoseconds
  }
}
