import Foundation
import Testing

/// `gliclass-convert`, where it succeeds.
@Suite struct ConvertTests {
  @Test func writesTheFileAndSaysWhatItDid() throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", folder["out.glc"]])
    expectSuccess(outcome)
    #expect(folder.names == ["out.glc"])
    #expect(outcome.lines.first == folder["out.glc"])
    // Tensors, bytes in and out, ratio, worst tensor by relative error.
    for row in [
      "tensors    47", "477.2 kB -> ", "ratio      0.", "worst      layers.", "relative error 0.", " sha256:",
    ] {
      #expect(outcome.text.contains(row), "\(row) in \(outcome)")
    }
  }

  @Test func isQuantizedByDefault() throws {
    let folder = try TemporaryFolder()
    for (name, options) in [("default", []), ("q8", ["--q8"]), ("f32", ["--f32"])] {
      expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", folder[name]] + options))
    }
    let plain = try folder.bytes("default")
    let full = try folder.bytes("f32")
    #expect(try plain == folder.bytes("q8"))
    #expect(full.count > plain.count)
    let kinds = try ["q8", "f32"].map { try Program.classify.run(["inspect", folder[$0]]).text }
    #expect(kinds[0].contains("weights     q8;"))
    #expect(kinds[1].contains("weights     f32;"))
  }

  @Test func takesAFileOrItsFolder() throws {
    let folder = try TemporaryFolder()
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", folder["a"]]))
    expectSuccess(try Program.convert.run(["\(Fixtures.tiny)/", "-o", folder["b"]]))
    expectSuccess(try Program.convert.run(["\(Fixtures.tiny)/model.safetensors", "--output", folder["c"]]))
    #expect(try folder.bytes("a") == folder.bytes("b"))
    #expect(try folder.bytes("a") == folder.bytes("c"))
  }

  @Test func givesTheSameBytesAnywhereAndAnytime() throws {
    let (here, there) = (try TemporaryFolder(), try TemporaryFolder())
    let copy = try there.checkpoint()
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", here["first.glc"]]))
    expectSuccess(
      try Program.convert.run([Fixtures.tiny, "-o", here["again.glc"]], environment: ["GLC_ISA": "scalar"]))
    // From and to relative paths, of files with other dates.
    expectSuccess(
      try Program.convert.run(
        ["checkpoint/model.safetensors", "-o", "other.glc"], environment: ["TZ": "UTC-9"], in: there.path))
    #expect(there.names == ["checkpoint", "other.glc"])
    let first = try here.bytes("first.glc")
    #expect(try first == here.bytes("again.glc"))
    #expect(try first == there.bytes("other.glc"))
    let text = String(decoding: first, as: Unicode.ASCII.self)
    for trace in [here.path, there.path, copy, Fixtures.tiny, ProcessInfo.processInfo.hostName] {
      #expect(!text.contains(trace), "\(trace) is in the file")
    }
  }

  @Test func replacesAnOldFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("out.glc", "old")
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", folder["out.glc"]]))
    #expect(folder.names == ["out.glc"])
    #expect(try folder.bytes("out.glc") == Models.tiny.get())
  }

  @Test func readsWhatIsBesideTheWeightsOnlyWhereItMatters() throws {
    // Without tokenizer_config.json a checkpoint is complete.
    let folder = try TemporaryFolder()
    let checkpoint = try folder.checkpoint(without: "tokenizer_config.json")
    expectSuccess(try Program.convert.run([checkpoint, "-o", folder["out.glc"]]))
  }

  @Test(arguments: Program.allCases) func knowsItsVersionAndOptions(_ program: Program) throws {
    let version = try program.run(["--version"])
    expectSuccess(version)
    #expect(version.text.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    let help = try program.run(["--help"])
    expectSuccess(help)
    #expect(help.text.contains("USAGE: \(program.rawValue)"))
  }
}
