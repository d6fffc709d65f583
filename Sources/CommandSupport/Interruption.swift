import Glibc
import Synchronization

/// Ctrl-C (SIGINT) and SIGTERM as a request to stop between two pieces of work. A second one ends the program at once.
public struct Interruption: Sendable {
  /// Readable once there was a signal: for `poll`.
  public let descriptor: Int32

  private static let received = Atomic<Int32>(0)
  private static let writeEnd = Atomic<Int32>(-1)

  /// Begins to listen. Once a program.
  public init() {
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    descriptor = ends[0]
    // Touched here first, so that the handler initializes nothing.
    Self.received.store(0, ordering: .sequentiallyConsistent)
    Self.writeEnd.store(ends[1], ordering: .sequentiallyConsistent)
    var action = sigaction()
    // Nothing here but an atomic store and write(2): allowed in a handler.
    action.__sigaction_handler.sa_handler = { signal in
      Interruption.received.store(signal, ordering: .sequentiallyConsistent)
      var byte: UInt8 = 0
      let saved = errno
      _ = write(Interruption.writeEnd.load(ordering: .sequentiallyConsistent), &byte, 1)
      errno = saved
    }
    action.sa_flags = Int32(SA_RESTART) | Int32(bitPattern: UInt32(SA_RESETHAND))
    // Who starts a program in the background with the signal ignored wants it ignored.
    for signal in [SIGINT, SIGTERM] {
      var old = sigaction()
      sigaction(signal, nil, &old)
      let isIgnored = unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1
      if !isIgnored { sigaction(signal, &action, nil) }
    }
  }

  /// The signal that was received.
  public var signal: Int32? {
    let signal = Self.received.load(ordering: .sequentiallyConsistent)
    return signal == 0 ? nil : signal
  }

  /// What a shell says of a program that such a signal ended: 130 for SIGINT.
  public var exitStatus: Int32? { signal.map { 128 + $0 } }
}
