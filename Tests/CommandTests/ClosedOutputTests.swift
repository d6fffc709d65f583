import Foundation
import Glibc
import Testing

/// Standard output that goes away, or is full.
@Suite struct ClosedOutputTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  private var commands: [[String]] {
    [
      ["inspect", model, "--json"], ["classify", model, "--labels", "a", "x"], ["tokenize", model, "x"],
      ["bench", model, "--runs", "1"],
    ]
  }

  /// Runs with a standard output that nobody reads.
  private func withoutReader(_ program: String, _ arguments: [String], input: String = "") throws -> Outcome {
    let (read, write) = try ChildProcess.pipe()
    close(read)
    let (inputFile, errors) = (try ChildProcess.file(Array(input.utf8)), try ChildProcess.file([]))
    defer { for descriptor in [write, inputFile, errors] { close(descriptor) } }
    let process = try ChildProcess(
      ([program] + arguments).map { Array($0.utf8) },
      ChildProcess.Streams(input: inputFile, output: write, errors: errors))
    return Outcome(end: process.wait(), output: [], errors: ChildProcess.contents(errors))
  }

  /// As any Unix program: ended by SIGPIPE, without a word.
  @Test func readerThatWentAway() throws {
    for arguments in commands {
      let outcome = try withoutReader(Program.classify.path, arguments)
      #expect(outcome.end == .signal(SIGPIPE), "\(outcome)")
      #expect(outcome.errors.isEmpty, "\(outcome)")
    }
  }

  /// Where the signal is ignored, as under some supervisors: an I/O error.
  @Test func readerThatWentAwayAndSignalIgnored() throws {
    for arguments in commands {
      let outcome = try withoutReader(
        "/bin/sh", ["-c", "trap '' PIPE; exec \"$@\"", "sh", Program.classify.path] + arguments)
      #expect(outcome.end == .status(74), "\(outcome)")
      #expect(outcome.errors.isEmpty, "\(outcome)")
    }
  }

  @Test func readerThatGoesAwayInTheMiddle() throws {
    let input = String(repeating: "{\"text\":\"some text\"}\n", count: 2000)
    let (read, write) = try ChildProcess.pipe()
    let (inputFile, errors) = (try ChildProcess.file(Array(input.utf8)), try ChildProcess.file([]))
    defer { for descriptor in [inputFile, errors] { close(descriptor) } }
    let arguments = [try Program.classify.path, "classify", model, "--labels", "a,b", "--jsonl"]
    let process = try ChildProcess(
      arguments.map { Array($0.utf8) }, ChildProcess.Streams(input: inputFile, output: write, errors: errors))
    close(write)
    var byte: UInt8 = 0
    #expect(Glibc.read(read, &byte, 1) == 1)
    close(read)
    #expect(process.wait() == .signal(SIGPIPE))
    #expect(ChildProcess.contents(errors).isEmpty)
  }

  /// `/dev/full` takes nothing: results that are lost are an error.
  @Test func fullDevice() throws {
    let runs: [(Program, [String])] =
      commands.map { (.classify, $0) } + [
        (.convert, [Fixtures.tiny, "-o", folder["out.glc"]]),
        (.verify, [model, "--reference", "\(Fixtures.tiny)/reference.jsonl", "--data", "\(Fixtures.tiny)/eval.jsonl"]),
      ]
    for (program, arguments) in runs {
      let outcome = try ChildProcess.run(
        ["/bin/sh", "-c", "exec \"$@\" > /dev/full", "sh", program.path] + arguments)
      expectFailure(outcome, status: 74, naming: ["standard output", "No space left on device"])
    }
  }
}
