import Foundation
import Glibc

/// A program that is talked to through pipes while it runs.
final class Conversation {
  private let process: ChildProcess
  private var input: Int32
  private let output: Int32
  private let errors: Int32
  private var pending: [UInt8] = []

  init(_ program: Program, _ arguments: [String]) throws {
    errors = try ChildProcess.file([])
    let (childInput, ownInput) = try ChildProcess.pipe()
    let (ownOutput, childOutput) = try ChildProcess.pipe()
    process = try ChildProcess(
      ([try program.path] + arguments).map { Array($0.utf8) },
      ChildProcess.Streams(input: childInput, output: childOutput, errors: errors))
    close(childInput)
    close(childOutput)
    input = ownInput
    output = ownOutput
  }

  deinit {
    if input >= 0 { close(input) }
    close(output)
    close(errors)
  }

  /// Writes `line` and its end. A reader that is gone is noticed by what follows.
  func send(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
  }

  /// The next line of standard output, or `nil` when there is none within `timeout` seconds.
  func readLine(timeout: Double = 30) -> String? {
    let deadline = Date().addingTimeInterval(timeout)
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        defer { pending.removeSubrange(...end) }
        return String(decoding: pending[..<end], as: UTF8.self)
      }
      var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let left = deadline.timeIntervalSinceNow
      guard left > 0, poll(&request, 1, Int32(left * 1000) + 1) > 0 else { return nil }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(output, &chunk, chunk.count)
      guard count > 0 else { return nil }
      pending += chunk[..<count]
    }
  }

  /// Sends a signal.
  func signal(_ number: Int32) { kill(process.identifier, number) }

  /// Waits for the end while the input stays open.
  func wait() -> Outcome {
    pending += ChildProcess.readToEnd(output)
    return Outcome(end: process.wait(), output: pending, errors: ChildProcess.contents(errors))
  }

  /// Ends the input and waits for the end; the output is what was not read before.
  func finish() -> Outcome {
    close(input)
    input = -1
    pending += ChildProcess.readToEnd(output)
    let end = process.wait()
    return Outcome(end: end, output: pending, errors: ChildProcess.contents(errors))
  }
}
