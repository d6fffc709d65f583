import Foundation
import Testing

/// `gliclass inspect` on files that hold a verdict. The tests write it by formats/glc.md, not by the program's own code.
@Suite struct InspectVerdictTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  private static let verdict = """
    {"schema": 1, "passes": true, "mode": "multi-label", "threshold": 0.5, "confidence": 0.95, "micro_f1": {"reference": \
    0.8706, "model": 0.8712, "drift": -0.0006, "interval": [-0.0021, 0.0011]}, "macro_f1": null, "flips": 3, "logit_error": \
    {"mean": 0.01, "p99": 0.05, "maximum": 0.12345}, "bounds": [{"name": "max-f1-drift", "bound": 0.005, "found": 0.0011, \
    "passes": true}], "differs": [], "allowed": [], "data": {"name": "eval.jsonl", "sha256": "\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "texts": 20, "decisions": 86, "labels": 40}, \
    "reference": {"kind": "file", "producer": "gliclass 0.1.21", "versions": {}}, "verifier": {"name": "gliclass-verify", \
    "version": "0.1.0"}, "of": OF}
    """

  /// Writes a verdict into the file; `edit` may change what it is said of, by name.
  private func stamp(_ verdict: String = Self.verdict, _ edit: (inout [String: String]) -> Void = { _ in }) throws {
    var file = try bytes(model)
    func integer(_ at: Int, _ count: Int) -> Int { file[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) } }
    func put(_ value: Int, _ at: Int, _ count: Int) {
      for index in 0..<count { file[at + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }
    let entries = (0..<integer(28, 4)).map { 64 + 32 * $0 }
    func entry(_ kind: Int) throws -> Int { try #require(entries.first { integer($0, 4) == kind }) }
    func checksum(_ kind: Int) throws -> String { Self.hexadecimal(UInt32(integer(try entry(kind) + 24, 4))) }
    let metadata = try entry(1)
    let start = integer(metadata + 8, 8)
    var of = ["weights": try checksum(2), "tokenizer": try checksum(3), "metadata": try checksum(1), "numerics": "1"]
    edit(&of)
    let list = of.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
    let member = ",\"verdict\":" + verdict.replacingOccurrences(of: "OF", with: "{\(list)}")
    file.removeLast()
    file += Array((member + "}").utf8)
    put(1, 10, 2)
    put(file.count, 16, 8)
    put(file.count - start, metadata + 16, 8)
    put(Int(Self.crc32(file[start...])), metadata + 24, 4)
    put(0, 32, 4)
    put(Int(Self.crc32(file[..<(64 + 32 * entries.count)])), 32, 4)
    try Data(file).write(to: URL(fileURLWithPath: model))
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { checksum, byte in
      (0..<8).reduce(checksum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0xEDB8_8320) }
    }
  }

  struct File: Decodable {
    struct Verdict: Decodable, Equatable {
      var valid: Bool
      var changed: [String]
    }
    var format_version: String
    var verdict: Verdict?
  }

  @Test func none() throws {
    let outcome = try Program.classify.run(["inspect", model])
    expectSuccess(outcome)
    #expect(!outcome.text.contains("verdict"))
    let file = try Program.classify.run(["inspect", model, "--json"]).json(File.self)
    #expect(file.verdict == nil && file.format_version == "1.0")
  }

  @Test func valid() throws {
    let before = try Program.classify.run(["classify", model, "--labels", "a,b", "--json", "some text"])
    try stamp()
    let outcome = try Program.classify.run(["inspect", model, "--check"])
    expectSuccess(outcome)
    for line in [
      ".glc 1.1",
      "  verdict     pass; micro F1 0.8712, drift -0.0006 (95 %: -0.0021 to +0.0011); 3 of 86 decisions flipped; "
        + "logit error up to 0.1235\n",
      "  verified on eval.jsonl, 20 texts, sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
      "  verified by gliclass-verify 0.1.0, against gliclass 0.1.21\n", "checksums   all good",
    ] {
      #expect(outcome.text.contains(line), "\(line) in \(outcome)")
    }
    let file = try Program.classify.run(["inspect", model, "--json"]).json(File.self)
    #expect(file.verdict == File.Verdict(valid: true, changed: []) && file.format_version == "1.1")
    let after = try Program.classify.run(["classify", model, "--labels", "a,b", "--json", "some text"])
    #expect(after.text == before.text)
  }

  @Test func failed() throws {
    try stamp(
      Self.verdict.replacingOccurrences(of: "\"passes\": true", with: "\"passes\": false")
        .replacingOccurrences(of: "\"micro_f1\": {\"reference\"", with: "\"micro_f1\": null, \"other\": {\"reference\"")
    )
    let outcome = try Program.classify.run(["inspect", model])
    #expect(
      outcome.text.contains(
        "  verdict     FAIL; 3 of 86 decisions flipped; logit error up to 0.1235; max-f1-drift exceeded\n"),
      "\(outcome)")
  }

  @Test(arguments: ["weights", "tokenizer", "metadata", "numerics"])
  func void(_ part: String) throws {
    try stamp { $0[part] = "00000000" }
    let outcome = try Program.classify.run(["inspect", model])
    expectSuccess(outcome)
    #expect(outcome.text.contains("  verdict     void: \(part) changed since\n"), "\(outcome)")
    #expect(!outcome.text.contains("verified"))
    let file = try Program.classify.run(["inspect", model, "--json"]).json(File.self)
    #expect(file.verdict == File.Verdict(valid: false, changed: [part]))
  }

  @Test func severalParts() throws {
    try stamp {
      $0["weights"] = "00000000"
      $0["metadata"] = nil
    }
    let outcome = try Program.classify.run(["inspect", model])
    #expect(outcome.text.contains("void: weights, metadata changed since"), "\(outcome)")
  }

  /// A verdict of any content: it opens, and says nothing.
  @Test(arguments: ["7", "null", "{}", "[]", "{\"schema\": 2}", "{\"schema\": 1, \"of\": 3, \"data\": 4}"])
  func strange(_ verdict: String) throws {
    try stamp(verdict)
    let outcome = try Program.classify.run(["inspect", model])
    expectSuccess(outcome)
    #expect(outcome.text.contains("verdict     void:"), "\(outcome)")
  }

  /// What a verdict says may be anything; it stays on its line.
  @Test func strangeMembers() throws {
    try stamp(
      #"{"schema": 9, "passes": 3, "micro_f1": [], "flips": "x", "bounds": {"a": 1}, "data": {"name": "a\nb\u001b[31m"}, "of": OF}"#
    )
    let outcome = try Program.classify.run(["inspect", model])
    expectSuccess(outcome)
    #expect(outcome.text.contains("  verified on a\\nb\\u{1B}[31m, sha256 -\n"), "\(outcome)")
  }
}
