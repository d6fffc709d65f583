import Glibc
import Synchronization

/// A bar on standard error, for work of more than a second, and only where that is a terminal. Thread-safe.
public final class ProgressBar: Sendable {
  private struct State {
    var lastDrawn = 0.0
    var isDrawn = false
  }

  private let title: String
  private let isShown = Console.showsProgress
  private let watch = Stopwatch()
  private let state = Mutex(State())

  /// - Parameter title: what is being done.
  public init(_ title: String) { self.title = title }

  /// Draws `part` of the work as done, 0 to 1, at most ten times a second.
  @Sendable public func update(_ part: Double) {
    guard isShown else { return }
    let now = watch.seconds
    state.withLock { state in
      guard now > 1, now - state.lastDrawn > 0.1 else { return }
      state = State(lastDrawn: now, isDrawn: true)
      Console.write("\r\u{1B}[2K" + Self.line(title, part), to: STDERR_FILENO)
    }
  }

  /// Takes the bar away.
  public func finish() {
    state.withLock { state in
      if state.isDrawn { Console.write("\r\u{1B}[2K", to: STDERR_FILENO) }
      state.isDrawn = false
    }
  }

  /// The bar as text.
  static func line(_ title: String, _ part: Double) -> String {
    let width = 40
    let filled = min(max(Int(part * Double(width)), 0), width)
    return "\(title) [" + String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
      + "] \(Int(part * 100)) %"
  }
}
