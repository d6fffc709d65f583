import Glibc

/// Threads for one piece of work.
enum Threads {
  /// Calls `body` with every number below `count`, each on a thread of its own, the caller's among them, and returns when all
  /// have. Where the system gives fewer threads, the caller does the rest.
  static func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var threads: [pthread_t] = []
      for index in 1..<max(count, 1) {
        let job = Unmanaged.passRetained(Job { body(index) })
        var thread = pthread_t()
        if pthread_create(&thread, nil, runJob, job.toOpaque()) == 0 {
          threads.append(thread)
        } else {
          job.takeRetainedValue().work()
        }
      }
      body(0)
      for thread in threads { pthread_join(thread, nil) }
    }
  }
}

private final class Job {
  let work: () -> Void
  init(_ work: @escaping () -> Void) { self.work = work }
}

private func runJob(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().work()
  return nil
}
