import ModelCore

/// Time since it was made, on the monotonic clock.
public struct Stopwatch: Sendable {
  private let start = MonotonicClock.now

  /// Starts.
  public init() {}

  /// Seconds since the start.
  public var seconds: Double { Double(MonotonicClock.now - start) / 1e9 }
}
