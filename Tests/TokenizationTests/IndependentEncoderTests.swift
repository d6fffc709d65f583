import Foundation
import Testing
import Tokenization

/// Compiled sections against a reader in Python that was written from formats/tokenizer.md alone (Scripts/read_glc.py):
/// it finds no violation of the format, what their sources say, and the ids of the Python libraries.
@Suite struct IndependentEncoderTests {
  static let families = ParityVectors.sets.filter { set in
    set.profile == "tokenizers"
      && [
        "deberta", "mdeberta-bytes", "modernbert", "ettin-prefix", "bpe-gaps-fuse", "bpe-gaps-null", "t5-like",
        "mixed-first-charsmap", "mixed-first-nfkd", "mixed-first-replace", "mixed-first-prepend", "mixed-prepend",
        "mixed-bpe-split", "mixed-bpe-prefix", "mixed-invert-contiguous", "mixed-split-mergedwithnext",
      ].contains(set.name)
  }

  @Test(arguments: families) func agrees(_ set: ParityVectors.TokenizerSet) throws {
    try Reader.withSection(set.compile(), set.name) { section in
      let (status, output) = try Reader.run([
        section, "--tokenizer-json", "\(Fixtures.root)/\(set.folder)/tokenizer.json", "--parity",
        "\(Fixtures.vectors)/parity.zip", set.name,
      ])
      #expect(status == 0, "\(output)")
    }
  }

  @Test func writesTheIDsOfTextsFromStandardInput() throws {
    let set = try #require(Self.families.first { $0.name == "ettin-prefix" })
    let section = try set.compile()
    let tokenizer = try CompiledTokenizer(copying: section, path: set.name)
    let texts = ["", "a b", "café", "Zwölf <<LABEL>>  Boxkämpfer", "\u{212B}right \t\t"]
    let expected = try texts.map { text in try "{\"ids\": \(tokenizer.encode(text))}" }
    let encoder = JSONEncoder()
    let lines = try texts.map { try String(decoding: encoder.encode([$0]), as: UTF8.self).dropFirst().dropLast() }
    try Reader.withSection(section, "encoded") { path in
      let (status, output) = try Reader.run([path, "--encode"], input: lines.joined(separator: "\n"))
      #expect(status == 0)
      #expect(output.split(separator: "\n").map(String.init) == expected)
    }
  }

  /// A check that cannot fail proves nothing.
  @Test func findsDamage() throws {
    let sets = Dictionary(uniqueKeysWithValues: Self.families.map { ($0.name, $0) })
    let set = try #require(sets["ettin-prefix"])
    var section = try set.compile()
    let parity = ["--parity", "\(Fixtures.vectors)/parity.zip"]
    try Reader.withSection(section, "damaged") { path in
      let other = ["--tokenizer-json", "\(Fixtures.root)/\(try #require(sets["modernbert"]).folder)/tokenizer.json"]
      #expect(try Reader.run([path] + other).status == 1)
      #expect(try Reader.run([path] + parity + ["modernbert"]).status == 1)
    }
    // The minor version, and the first bytes of the piece trie, texts, merges, their table, mappings and patterns.
    let parts = [0, 3, 16, 18, 22, 25].map { part in
      (0..<8).reduce(0) { $0 | Int(section[128 + 16 * part + $1]) << (8 * $1) }
    }
    for place in [6] + parts {
      section[place] ^= 1
      try Reader.withSection(section, "damaged") { path in
        let (status, output) = try Reader.run([path, "--check"])
        #expect(status == 1, "byte \(place): \(output)")
      }
      section[place] ^= 1
    }
  }
}

/// The reader in Python.
private enum Reader {
  /// The section as a file. `GLC_KEEP_SECTIONS` names a folder where it stays.
  static func withSection(_ section: [UInt8], _ name: String, _ body: (String) throws -> Void) throws {
    let kept = ProcessInfo.processInfo.environment["GLC_KEEP_SECTIONS"].map { URL(filePath: $0) }
    let folder = kept ?? FileManager.default.temporaryDirectory.appending(path: "glc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { if kept == nil { try? FileManager.default.removeItem(at: folder) } }
    let file = folder.appending(path: "\(name).gltk")
    try Data(section).write(to: file)
    try body(file.path())
  }

  /// Returns its status and what it said. The input is short enough for a pipe.
  static func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
    process.arguments = [python, "\(Fixtures.root)/Scripts/read_glc.py"] + arguments
    let (fed, output) = (Pipe(), Pipe())
    process.standardInput = fed
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try fed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try fed.fileHandleForWriting.close()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, said)
  }
}
