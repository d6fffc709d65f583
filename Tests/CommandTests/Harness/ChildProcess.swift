import Foundation
import Glibc
import Synchronization

/// A child process. Signals that the test runner ignores have their default action in it.
struct ChildProcess {
  let identifier: pid_t

  /// The descriptors that the child gets as 0, 1 and 2.
  struct Streams {
    var input: Int32
    var output: Int32
    var errors: Int32
  }

  /// Held while children are started, and while descriptors exist that they would inherit by accident.
  private static let spawning = Mutex(())

  /// A pipe whose ends no child gets but on purpose.
  static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    let code = spawning.withLock { _ in
      guard Glibc.pipe(&ends) == 0 else { return errno }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return 0
    }
    guard code == 0 else { throw HarnessError("pipe: \(String(cString: strerror(code)))") }
    return (ends[0], ends[1])
  }

  /// Starts `arguments[0]`, in `folder` if one is given.
  init(
    _ arguments: [[UInt8]], _ streams: Streams, environment changes: [String: String] = [:], in folder: String? = nil
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in [(0, streams.input), (1, streams.output), (2, streams.errors)] {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGXFSZ, SIGBUS] { sigaddset(&defaults, signal) }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var environment = ProcessInfo.processInfo.environment
    environment["GLC_ISA"] = nil
    // A run under a profiler or sanitizer of the tests is not one of the programs.
    environment["LLVM_PROFILE_FILE"] = nil
    environment.merge(changes) { _, new in new }
    let variables = environment.map { Array("\($0)=\($1)".utf8) }
    var child: pid_t = 0
    let command = (folder.map { ["/usr/bin/env", "--chdir", $0].map { Array($0.utf8) } } ?? []) + arguments
    let program = String(decoding: command[0], as: UTF8.self)
    let code = Self.spawning.withLock { _ in
      Self.withCStrings(command) { argv in
        Self.withCStrings(variables) { envp in posix_spawn(&child, program, &actions, &attributes, argv, envp) }
      }
    }
    guard code == 0 else {
      throw HarnessError("\(program): \(String(cString: strerror(code)))")
    }
    identifier = child
  }

  private static func withCStrings<Value>(
    _ strings: [[UInt8]], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
  ) -> Value {
    let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() {
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count + 1)
      for (position, byte) in (string + [0]).enumerated() { copy[position] = CChar(bitPattern: byte) }
      list[index] = copy
    }
    list[strings.count] = nil
    defer {
      for index in strings.indices { list[index]?.deallocate() }
      list.deallocate()
    }
    return body(list)
  }

  /// Waits for the end; kills the process after `timeout` seconds.
  func wait(timeout: Double = 60) -> Outcome.End {
    let deadline = Date().addingTimeInterval(timeout)
    var status: Int32 = 0
    while true {
      let result = waitpid(identifier, &status, WNOHANG)
      if result == identifier { break }
      if result < 0 && errno != EINTR { return .hung }
      if Date() > deadline {
        kill(identifier, SIGKILL)
        waitpid(identifier, &status, 0)
        return .hung
      }
      usleep(1000)
    }
    return status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F)
  }

  /// Runs a program whose streams are files without a name.
  /// - Parameters:
  ///   - last: one more argument, which need not be UTF-8.
  ///   - stop: a signal to send, and the seconds after the start to send it at.
  static func run(
    _ arguments: [String], last: [UInt8]? = nil, input: [UInt8] = [], environment: [String: String] = [:],
    in folder: String? = nil, stop: (signal: Int32, after: Double)? = nil, timeout: Double = 60
  ) throws -> Outcome {
    let streams = Streams(input: try file(input), output: try file([]), errors: try file([]))
    defer { for descriptor in [streams.input, streams.output, streams.errors] { close(descriptor) } }
    let process = try ChildProcess(
      arguments.map { Array($0.utf8) } + (last.map { [$0] } ?? []), streams, environment: environment, in: folder)
    if let stop {
      usleep(UInt32(max(0, stop.after) * 1e6))
      kill(process.identifier, stop.signal)
    }
    let end = process.wait(timeout: timeout)
    return Outcome(end: end, output: contents(streams.output), errors: contents(streams.errors))
  }

  /// An open file without a name that holds `bytes`, at its start. Children do not inherit it by accident.
  static func file(_ bytes: [UInt8]) throws -> Int32 {
    let path = NSTemporaryDirectory() + "/gliclass-stream-\(UUID().uuidString)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw HarnessError("\(path): \(String(cString: strerror(errno)))") }
    unlink(path)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw HarnessError("\(path): \(String(cString: strerror(errno)))") }
      rest = rest.dropFirst(count)
    }
    lseek(descriptor, 0, SEEK_SET)
    return descriptor
  }

  /// All bytes of a file.
  static func contents(_ descriptor: Int32) -> [UInt8] {
    lseek(descriptor, 0, SEEK_SET)
    return readToEnd(descriptor)
  }

  static func readToEnd(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }
}
