import CKernels
import CPlatform
import Glibc
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
  private let spins: Bool
  private var thread = pthread_t()

  // Written by the caller before the generation moves on, read by the worker after it saw it move.
  private var job: PoolJob?
  private let generation = Atomic<UInt>(0)
  private let isAsleep = Atomic<Bool>(false)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Starts the thread. Returns `nil` where the system gives none.
  /// - Parameter spins: whether it waits awake for a while after each step.
  init?(index: Int, remaining: Countdown, spins: Bool) {
    self.index = index
    self.remaining = remaining
    self.spins = spins
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
    var spin = Spin(isOver: !spins)
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
  func wait(spins: Bool) {
    var spin = Spin(isOver: !spins)
    while remaining.load(ordering: .acquiring) != 0 {
      // A partner that takes so long may have been descheduled: let it run.
      if !spin.goesOn() { sched_yield() }
    }
  }
}

/// Waiting awake, for a bounded time.
private struct Spin {
  /// Longer than what lies between two steps of one forward pass, and than the shares of one step differ.
  private static let nanoseconds = 50_000

  private var isOver: Bool
  private var turns = 0
  private var start = 0

  init(isOver: Bool) { self.isOver = isOver }

  /// Pauses a moment; `false` from when the time is over. The clock is read every 64th time.
  mutating func goesOn() -> Bool {
    guard !isOver else { return false }
    glcp_pause()
    turns += 1
    guard turns % 64 == 0 else { return true }
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let now = time.tv_sec * 1_000_000_000 + time.tv_nsec
    if start == 0 { start = now }
    isOver = now - start >= Self.nanoseconds
    return !isOver
  }
}
