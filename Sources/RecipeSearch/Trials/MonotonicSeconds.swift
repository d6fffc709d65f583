import ModelCore

/// Seconds that only go forward.
enum MonotonicSeconds {
  static var now: Double { Double(MonotonicClock.now) / 1e9 }
}
