import Glibc
import Synchronization

/// A bar on standard error, for work of more than a second, and only where that is a terminal. Thread-safe.
public final class ProgressBar: Sendable {
  private struct State {
    var lastDrawn = 0.0
    var isDrawn = false
  }

  private let title: String
  private let isShown: Bool
  private let watch = Stopwatch()
  private let state = Mutex(State())

  /// - Parameters:
  ///   - title: what is being done.
  ///   - isShown: whether there is room for it: not where results are written to the same terminal.
  public init(_ title: String, isShown: Bool = true) {
    self.title = title
    self.isShown = isShown && Console.showsProgress
  }

  /// Draws `part` of the work as done, 0 to 1, at most ten times a second.
  @Sendable public func update(_ part: Double) { draw { Self.line(title, part) } }

  /// Draws `part` of the work as done, and beside it what is being done, as far as the terminal is wide.
  public func update(_ part: Double, _ what: String) {
    draw { String("\(Self.line(title, part)) \(what)".prefix(Console.width - 1)) }
  }

  /// Draws how many `things` are done, where nobody knows how many there will be.
  public func update(count: Int, of things: String) { draw { "\(title) \(count) \(things)" } }

  private func draw(_ line: () -> String) {
    guard isShown else { return }
    let now = watch.seconds
    state.withLock { state in
      guard now > 1, now - state.lastDrawn > 0.1 else { return }
      state = State(lastDrawn: now, isDrawn: true)
      Console.write("\r\u{1B}[2K" + line(), to: STDERR_FILENO)
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
