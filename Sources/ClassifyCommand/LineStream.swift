import Glibc
import ModelCore

/// Lines of standard input, as many at a time as are there: a slow writer is answered line by line, a fast one in batches.
struct LineStream {
  /// A longer line is not JSONL but a mistake.
  static let maximumLine = 64 << 20
  private let descriptor: Int32

  init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

  /// Calls `body` with the complete lines of each read (without their ends), and at the end with what is left.
  /// - Throws: what `body` throws, and ``ModelCoreError/readFailed(path:reason:)``.
  func forEachBatch(_ body: ([[UInt8]]) throws -> Void) throws {
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw ModelCoreError.readFailed(path: "standard input", reason: String(cString: strerror(errno)))
      }
      if count == 0 { break }
      guard let end = chunk[..<count].lastIndex(of: 0x0A) else {
        pending += chunk[..<count]
        // Given up in pieces, which then are refused one by one.
        if pending.count > Self.maximumLine {
          try body([pending])
          pending = []
        }
        continue
      }
      let complete = pending + chunk[..<end]
      pending = Array(chunk[(end + 1)..<count])
      try body(complete.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init))
    }
    if !pending.isEmpty { try body([pending]) }
  }
}

extension [UInt8] {
  /// Whether this is a line with nothing on it.
  var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 } }
}
