import Foundation
import Glibc
import Testing

/// One of the three programs, run as users run it: as a process of its own.
enum Program: String, CaseIterable {
  case convert = "gliclass-convert"
  case verify = "gliclass-verify"
  case classify = "gliclass"

  /// Where the executable is. The folder is that of `GLICLASS_PROGRAMS` in the environment, and otherwise found from
  /// the test runner's own place upwards, because SwiftPM puts all products of a build side by side.
  var path: String {
    get throws {
      let folder = try Self.folder.get()
      let path = "\(folder)/\(rawValue)"
      guard access(path, X_OK) == 0 else { throw HarnessError("\(path): no such program; build all products first") }
      return path
    }
  }

  private static let folder: Result<String, HarnessError> = {
    if let chosen = ProcessInfo.processInfo.environment["GLICLASS_PROGRAMS"] { return .success(chosen) }
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    for start in [own, CommandLine.arguments.first].compactMap({ $0 }) {
      var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
      for _ in 0..<4 {
        let candidate = folder.appendingPathComponent(Program.classify.rawValue).path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
          return .success(folder.path)
        }
        folder.deleteLastPathComponent()
      }
    }
    return .failure(
      HarnessError("gliclass was not found above \(own ?? "the test runner"); set GLICLASS_PROGRAMS to its folder"))
  }()

  /// Runs the program to its end, or for `timeout` seconds.
  /// - Parameters:
  ///   - input: what standard input holds.
  ///   - environment: changes to the environment of the tests; `GLC_ISA` is not in it unless given here.
  @discardableResult
  func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:], in folder: String? = nil,
    timeout: Double = 60
  ) throws -> Outcome {
    try ChildProcess.run(
      [try path] + arguments, input: Array(input.utf8), environment: environment, in: folder, timeout: timeout)
  }
}

/// What is wrong with the test's surroundings, not with what it tests.
struct HarnessError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// How a process ended, and what it said.
struct Outcome: CustomStringConvertible {
  enum End: Equatable {
    case status(Int32)
    case signal(Int32)
    /// It did not end in time, and was killed.
    case hung
  }

  var end: End
  var output: [UInt8]
  var errors: [UInt8]

  /// Standard output, standard error, and its lines.
  var text: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: errors, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }
  var errorLines: [String] { errorText.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

  var description: String { "\(end)\nstdout: \(text.prefix(1000))\nstderr: \(errorText.prefix(1000))" }

  /// Standard output as one JSON value.
  func json<Value: Decodable>(_: Value.Type) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(output))
  }

  /// Every line of standard output as a JSON value.
  func jsonLines<Value: Decodable>(_: Value.Type) throws -> [Value] {
    try lines.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
  }
}

/// Expects success: status 0 and nothing on standard error, which is no terminal here.
func expectSuccess(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(outcome.end == .status(0), "\(outcome)", sourceLocation: sourceLocation)
  #expect(outcome.errors.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
}

/// Expects the contract of a failure: the status, nothing on standard output, and on standard error one line
/// `error: …` that has every text of `naming`, with at most one line `hint: …` behind it.
func expectFailure(
  _ outcome: Outcome, status: Int32, naming texts: [String], hint: String? = nil, output: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.end == .status(status), "\(outcome)", sourceLocation: sourceLocation)
  if !output { #expect(outcome.output.isEmpty, "\(outcome)", sourceLocation: sourceLocation) }
  let lines = outcome.errorLines
  #expect(lines.last == "", "the last line has an end: \(outcome)", sourceLocation: sourceLocation)
  #expect(
    (2...3).contains(lines.count), "one error line, and at most one hint: \(outcome)", sourceLocation: sourceLocation)
  let line = lines.first ?? ""
  #expect(line.hasPrefix("error: ") && line.count > "error: ".count, "\(outcome)", sourceLocation: sourceLocation)
  for text in texts { #expect(line.contains(text), "\(text) in: \(outcome)", sourceLocation: sourceLocation) }
  if lines.count > 2 { #expect(lines[1].hasPrefix("hint: "), "\(outcome)", sourceLocation: sourceLocation) }
  if let hint { #expect(lines.dropFirst().first?.contains(hint) == true, "\(outcome)", sourceLocation: sourceLocation) }
}
