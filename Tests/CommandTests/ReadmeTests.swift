import Foundation
import Testing

/// The walk through README.md: every command in a `console` block, run by a shell in the order of the page, must print what stands
/// below it, to the character.
///
/// After a change that is meant to change an output, `README_RECORD=1 swift test --filter ReadmeTests` writes the outputs into the page.
@Suite struct ReadmeTests {
  /// A command, and the lines below it.
  struct Step: Equatable {
    var command: String
    var output: [String]
  }

  private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "README.md")

  /// The lines of the page, and for each whether it is inside a `console` block.
  private static func lines() throws -> [(text: String, isConsole: Bool)] {
    var isConsole = false
    return try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n").map { line in
      if line.hasPrefix("```") {
        isConsole = line == "```console"
        return (line, false)
      }
      return (line, isConsole)
    }
  }

  private static func steps() throws -> [Step] {
    var steps: [Step] = []
    for (line, isConsole) in try lines() where isConsole {
      if line.hasPrefix("$ ") {
        steps.append(Step(command: String(line.dropFirst(2)), output: []))
      } else if steps.isEmpty {
        throw HarnessError("README.md: output before any command: \(line)")
      } else {
        steps[steps.count - 1].output.append(line)
      }
    }
    return steps
  }

  /// Both streams of a command, in lines, from a shell that finds the programs.
  private static func run(_ command: String, in folder: String) throws -> [String] {
    let programs = URL(filePath: try Program.classify.path).deletingLastPathComponent().path()
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let outcome = try ChildProcess.run(
      ["/bin/sh", "-c", "{ \(command)\n} 2>&1"], input: [], environment: ["PATH": "\(programs):\(path)"], in: folder,
      timeout: 120)
    guard outcome.end == .status(0) else { throw HarnessError("\(command): \(outcome)") }
    return outcome.lines
  }

  @Test func everyCommandPrintsWhatThePageSays() throws {
    let steps = try Self.steps()
    for word in [
      "gliclass-convert", "--labels ", "--nested", "--examples", "--jsonl", "--single-label", "--chunk",
      "gliclass-verify",
    ] {
      #expect(steps.contains { $0.command.contains(word) }, "\(word) is not shown")
    }
    let folder = try TemporaryFolder()
    let tests = Self.page.deletingLastPathComponent().appending(path: "Tests").path()
    try FileManager.default.createSymbolicLink(atPath: folder["Tests"], withDestinationPath: tests)
    let found = try steps.map { Step(command: $0.command, output: try Self.run($0.command, in: folder.path)) }
    if ProcessInfo.processInfo.environment["README_RECORD"] != nil { return try Self.record(found) }
    for (expected, found) in zip(steps, found) { #expect(found == expected) }
  }

  /// Writes the outputs into the page.
  private static func record(_ steps: [Step]) throws {
    var steps = steps[...]
    var page: [String] = []
    for (line, isConsole) in try lines() {
      if !isConsole { page.append(line) }
      if isConsole, line.hasPrefix("$ "), let step = steps.popFirst() { page += [line] + step.output }
    }
    try page.joined(separator: "\n").write(to: Self.page, atomically: true, encoding: .utf8)
  }
}
