import Foundation
import Testing

/// Command lines that `gliclass` refuses: status 64, one line that says what is wrong, and where help is.
@Suite struct UsageTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  /// Arguments, and what the error names. `MODEL` stands for the file.
  static let lines: [(arguments: [String], names: String)] = [
    (["frobnicate"], "frobnicate"),
    (["classify"], "<model>"),
    (["classify", "MODEL", "--labels", "a", "--bogus", "text"], "--bogus"),
    (["classify", "MODEL", "text"], "--labels"),
    (["classify", "MODEL", "--labels", "a"], "--jsonl"),
    (["classify", "MODEL", "--labels", "a", "--jsonl", "text"], "--jsonl"),
    (["classify", "MODEL", "--labels", "a", "text", "more"], "more"),
    (["classify", "MODEL", "--labels"], "--labels"),
    (["classify", "MODEL", "--labels", "a", "--threshold", "1.01", "text"], "--threshold"),
    (["classify", "MODEL", "--labels", "a", "--threshold=-0.1", "text"], "--threshold"),
    (["classify", "MODEL", "--labels", "a", "--threshold", "nan", "text"], "--threshold"),
    (["classify", "MODEL", "--labels", "a", "--threshold", "half", "text"], "half"),
    (["classify", "MODEL", "--labels", "a", "--threads", "0", "text"], "threads"),
    (["classify", "MODEL", "--labels", "a", "--threads", "99999999999", "text"], "threads"),
    (["classify", "MODEL", "--labels", "a", "--labels-file", "b", "text"], "--labels-file"),
    (["classify", "MODEL", "--labels", "a", "--top-k", "0", "text"], "--top-k"),
    (["classify", "MODEL", "--labels", "a", "--nested", "text"], "--json"),
    (["classify", "MODEL", "--labels", "a", "--embeddings", "text"], "--json"),
    (["classify", "MODEL", "--labels", "a", "--embeddings", "--json", "--chunk", "tokens", "text"], "--chunk"),
    (
      ["classify", "MODEL", "--labels", "a", "--embeddings", "--json", "--labels-per-pass", "2", "text"], "--labels-per"
    ),
    (["classify", "MODEL", "--labels", "a", "--labels-per-pass", "0", "text"], "--labels-per-pass"),
    (["classify", "MODEL", "--labels", "a", "--max-length", "0", "text"], "--max-length"),
    (["classify", "MODEL", "--labels", "a", "--max-length", "2", "text"], "maximum length"),
    (["classify", "MODEL", "--labels", "a", "--lost-labels", "keep", "text"], "shorten-text"),
    (["classify", "MODEL", "--labels", "a", "--chunk", "words", "text"], "\"words\""),
    (["classify", "MODEL", "--labels", "a", "--chunk", "tokens:x", "text"], "\"tokens:x\""),
    (["classify", "MODEL", "--labels", "a", "--chunk", "tokens:1:2:3", "text"], "\"tokens:1:2:3\""),
    (["classify", "MODEL", "--labels", "a", "--chunk", "", "text"], "--chunk"),
    (["classify", "MODEL", "--labels", "a", "--chunk", "tokens:16:16", "text"], "overlap 16"),
    (["classify", "MODEL", "--labels", "a", "--chunk", "reference:200", "text"], "overlap 256"),
    (["classify", "MODEL", "--labels", "a", "--chunk", "tokens:9:-1", "text"], "overlap -1"),
    (["classify", "MODEL", "--labels", "a", "--chunk", "tokens:900000:899999", "text"], "overlap"),
    (["tokenize", "MODEL"], "--jsonl"),
    (["tokenize", "MODEL", "--jsonl", "text"], "--jsonl"),
    (["inspect"], "<model>"),
    (["inspect", "MODEL", "--chek"], "--chek"),
    (["bench", "MODEL", "--tokens", "0"], "--tokens"),
    (["bench", "MODEL", "--tokens", "18"], "--labels"),
    (["bench", "MODEL", "--labels", "0"], "--labels"),
    (["bench", "MODEL", "--batch", "0"], "--batch"),
    (["bench", "MODEL", "--runs", "0"], "--runs"),
    (["bench", "MODEL", "--tokens", "9223372036854775807", "--labels", "9223372036854775807"], "--tokens"),
    (["bench", "MODEL", "--labels", "9223372036854775807"], "--labels"),
  ]

  @Test(arguments: lines.indices) func refused(_ index: Int) throws {
    let line = Self.lines[index]
    let outcome = try Program.classify.run(line.arguments.map { $0 == "MODEL" ? model : $0 })
    expectFailure(outcome, status: 64, naming: [line.names])
  }

  @Test func hintSaysWhereHelpIs() throws {
    for (arguments, hint) in [
      (["classify", model, "--bogus"], "gliclass classify --help"), (["nothing"], "gliclass --help"),
    ] {
      let outcome = try Program.classify.run(arguments)
      expectFailure(outcome, status: 64, naming: [], hint: hint)
    }
  }

  @Test(arguments: ["avx9000", "", "SCALAR", "scalar "]) func unknownInstructionSet(_ name: String) throws {
    let commands = [["classify", model, "--labels", "a", "text"], ["bench", model, "--runs", "1"]]
    for arguments in commands {
      let outcome = try Program.classify.run(arguments, environment: ["GLC_ISA": name])
      expectFailure(outcome, status: 64, naming: ["GLC_ISA", "\"\(name)\"", "scalar"])
    }
    let verify = try Program.verify.run(
      [model, "--reference", "\(Fixtures.tiny)/reference.jsonl", "--data", "\(Fixtures.tiny)/eval.jsonl"],
      environment: ["GLC_ISA": name])
    expectFailure(verify, status: 64, naming: ["GLC_ISA", "\"\(name)\"", "scalar"])
  }

  /// Every name that the error lists is either run or refused as this machine's lack.
  @Test func everyKnownInstructionSet() throws {
    let refusal = try Program.classify.run(["bench", model], environment: ["GLC_ISA": "?"])
    let list = try #require(refusal.errorText.firstMatch(of: /one of ([a-z0-9, ]+), found/)?.1)
    let names = list.split(separator: ", ").map(String.init)
    #expect(names.contains("scalar"))
    var answers: [String: String] = [:]
    for name in names {
      let outcome = try Program.classify.run(
        ["classify", model, "--labels", "a,b", "--json", "some text"], environment: ["GLC_ISA": name])
      if outcome.end == .status(0) {
        answers[name] = outcome.text
      } else {
        expectFailure(outcome, status: 64, naming: ["GLC_ISA", name, "scalar"])
      }
    }
    print(
      "instruction sets that ran: \(answers.keys.sorted()); that this machine lacks: \(names.filter { answers[$0] == nil })"
    )
    #expect(answers["scalar"] != nil)
    #expect(Set(answers.values).count == 1)
  }

  @Test func missingModel() throws {
    let commands = [
      ["classify", "none.glc", "--labels", "a", "x"], ["tokenize", "none.glc", "x"], ["inspect", "none.glc"],
      ["bench", "none.glc"],
    ]
    for arguments in commands {
      expectFailure(
        try Program.classify.run(arguments, in: folder.path), status: 66, naming: ["none.glc", "No such file"])
    }
    expectFailure(try Program.classify.run(["inspect", folder.path]), status: 66, naming: [folder.path, "directory"])
    expectFailure(try Program.classify.run(["inspect", "/dev/null"]), status: 66, naming: ["/dev/null"])
  }

  @Test func helpHasExamples() throws {
    for command in ["classify", "tokenize", "inspect", "bench"] {
      let outcome = try Program.classify.run([command, "--help"])
      expectSuccess(outcome)
      #expect(outcome.text.contains("EXAMPLES\n  gliclass \(command) "), "\(command)")
    }
  }

  /// What Scripts/manual writes for shells.
  @Test(arguments: ["bash", "zsh", "fish"]) func completions(_ shell: String) throws {
    for program in Program.allCases {
      let outcome = try program.run(["--generate-completion-script", shell])
      expectSuccess(outcome)
      #expect(outcome.text.contains(program.rawValue))
    }
    let text = try Program.classify.run(["--generate-completion-script", shell]).text
    for option in ["labels-file", "chunk", "lost-labels", "top-k"] { #expect(text.contains(option), "\(option)") }
  }
}
