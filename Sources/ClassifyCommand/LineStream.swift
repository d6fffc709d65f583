import CommandSupport
import Glibc
import ModelCore

/// Lines of standard input, as many at a time as are there: a slow writer is answered line by line, a fast one in windows.
final class LineStream {
  /// A longer line is not JSONL but a mistake.
  static let maximumLine = 64 << 20
  private let descriptor: Int32
  /// The most lines of one window. A window also ends where its lines have a kilobyte each on average: what is long takes
  /// long, and the answers to all of a window come together.
  private let limit: Int
  private let interruption: Interruption?
  private var ready: [[UInt8]] = []
  private var readyBytes = 0
  private var pending: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 1 << 16)
  private var isAtEnd = false
  private var bytesRead = 0
  private let size: Int?

  init(descriptor: Int32 = STDIN_FILENO, limit: Int = 1024, interruption: Interruption? = nil) {
    self.descriptor = descriptor
    self.limit = limit
    self.interruption = interruption
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    size = isFile ? max(0, Int(status.st_size) - Int(max(0, lseek(descriptor, 0, SEEK_CUR)))) : nil
  }

  /// The part of a file that was read, 0 to 1; `nil` for anything else.
  var part: Double? { size.map { $0 > 0 ? min(1, Double(bytesRead) / Double($0)) : 1 } }

  /// The next lines, without their ends: waits for one, and takes what else is there. `nil` at the end; interrupted, when what was
  /// read is used up.
  /// - Throws: ``ModelCoreError/readFailed(path:reason:)``.
  func next() throws(ModelCoreError) -> [[UInt8]]? {
    while !isAtEnd, interruption?.signal == nil, ready.count < limit, readyBytes < limit << 10 {
      guard try waitForInput(ready.isEmpty) else { break }
      try read()
    }
    guard !ready.isEmpty else { return nil }
    let window = Array(ready.prefix(limit))
    ready.removeFirst(window.count)
    readyBytes -= window.reduce(0) { $0 + $1.count }
    return window
  }

  /// Whether there is something to read: at once, or after waiting for it. Not where the program is to stop.
  private func waitForInput(_ waits: Bool) throws(ModelCoreError) -> Bool {
    while true {
      var requests = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
      if let interruption { requests.append(pollfd(fd: interruption.descriptor, events: Int16(POLLIN), revents: 0)) }
      let count = poll(&requests, nfds_t(requests.count), waits ? -1 : 0)
      if count < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      return requests[0].revents != 0 && interruption?.signal == nil
    }
  }

  private func read() throws(ModelCoreError) {
    let count = Glibc.read(descriptor, &chunk, chunk.count)
    if count < 0 {
      if errno == EINTR || errno == EAGAIN { return }
      throw failure()
    }
    bytesRead += count
    isAtEnd = count == 0
    var rest = chunk[..<count]
    while let end = rest.firstIndex(of: 0x0A) {
      append(pending + rest[..<end])
      pending = []
      rest = rest[(end + 1)...]
    }
    pending += rest
    // Given up in pieces, which then are refused one by one.
    if !pending.isEmpty, isAtEnd || pending.count > Self.maximumLine {
      append(pending)
      pending = []
    }
  }

  private func append(_ line: [UInt8]) {
    ready.append(line)
    readyBytes += line.count
  }

  private func failure() -> ModelCoreError {
    .readFailed(path: "standard input", reason: String(cString: strerror(errno)))
  }
}

extension [UInt8] {
  /// Whether this is a line with nothing on it.
  var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 } }
}
