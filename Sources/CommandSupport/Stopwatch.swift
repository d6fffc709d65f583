import Glibc

/// Time since it was made, on the monotonic clock.
public struct Stopwatch: Sendable {
  private let start = Stopwatch.now()

  /// Starts.
  public init() {}

  /// Seconds since the start.
  public var seconds: Double { Self.now() - start }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
