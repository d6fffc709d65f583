import Foundation
import Glibc
import Testing

/// Progress is for people: on a terminal, on standard error, and nowhere else. (That nothing is written there elsewhere,
/// every test of a success asks.)
@Suite struct TerminalTests {
  /// Runs a program whose standard error, and nothing else, is a terminal.
  private func onTerminal(
    _ program: Program, _ arguments: [String], input text: String = ""
  ) throws -> (outcome: Outcome, terminal: String) {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    defer { close(master) }
    // TIOCSPTLCK and TIOCGPTN, macros that Swift does not import: unlock the other side, and ask its number.
    var (locked, number) = (Int32(0), Int32(-1))
    try #require(master >= 0 && ioctl(master, 0x4004_5431, &locked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(slave >= 0, "/dev/pts/\(number)")
    let (input, output) = (try ChildProcess.file(Array(text.utf8)), try ChildProcess.file([]))
    defer { for descriptor in [input, output] { close(descriptor) } }
    let process = try ChildProcess(
      ([try program.path] + arguments).map { Array($0.utf8) },
      ChildProcess.Streams(input: input, output: output, errors: slave))
    close(slave)
    // Reading ends with an error when the last holder of the other side is gone.
    let terminal = ChildProcess.readToEnd(master)
    let outcome = Outcome(end: process.wait(), output: ChildProcess.contents(output), errors: terminal)
    return (outcome, outcome.errorText)
  }

  /// What remains on the screen's line when bars are drawn and taken away.
  private func remains(_ terminal: String) -> String {
    String(terminal.split(separator: "\r\u{1B}[2K", omittingEmptySubsequences: false).last ?? "")
  }

  @Test func conversion() throws {
    let folder = try TemporaryFolder()
    let (outcome, terminal) = try onTerminal(.convert, [Fixtures.debianTags, "-o", folder["out.glc"]])
    #expect(outcome.end == .status(0))
    #expect(remains(terminal).isEmpty, "\(outcome)")
    #expect(try folder.bytes("out.glc") == Models.debianTags.get())
  }

  /// Long enough for a bar.
  @Test func verification() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      try folder.model(Models.debianTags), "--checkpoint", Fixtures.debianTags, "--data",
      "\(Fixtures.debianTags)/eval.jsonl",
    ]
    let (outcome, terminal) = try onTerminal(.verify, arguments)
    #expect(outcome.end == .status(0))
    #expect(remains(terminal).isEmpty, "\(outcome)")
    let plain = try Program.verify.run(arguments)
    expectSuccess(plain)
    #expect(plain.output == outcome.output)
    for bar in terminal.split(separator: "\r\u{1B}[2K") {
      #expect(bar.wholeMatch(of: /[a-z ]+ \[█*·*\] \d+ %/) != nil, "\(bar.debugDescription)")
    }
  }

  /// A bar where the size of the input is known and results go elsewhere.
  @Test func classification() throws {
    let folder = try TemporaryFolder()
    let arguments = ["classify", try folder.model(Models.debianTags), "--jsonl"]
    let data = String(decoding: try bytes("\(Fixtures.debianTags)/eval.jsonl"), as: UTF8.self)
    let input = String(repeating: data, count: 6)
    let (outcome, terminal) = try onTerminal(.classify, arguments, input: input)
    #expect(outcome.end == .status(0))
    #expect(remains(terminal).isEmpty, "\(outcome)")
    let elsewhere = try Program.classify.run(arguments, input: input)
    #expect(outcome.output == elsewhere.output)
    for bar in terminal.split(separator: "\r\u{1B}[2K") {
      #expect(bar.wholeMatch(of: /classifying \[█*·*\] \d+ %/) != nil, "\(bar.debugDescription)")
    }
  }

  @Test func errors() throws {
    let (outcome, terminal) = try onTerminal(.convert, ["/nothing/there", "-o", "/nothing/out.glc"])
    #expect(outcome.end == .status(66))
    #expect(terminal == "error: /nothing/there: cannot open: No such file or directory\r\n")
  }
}
