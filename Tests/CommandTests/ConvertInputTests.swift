import Foundation
import Testing

/// `gliclass-convert` on files that are missing, or are something else.
@Suite struct ConvertInputTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Expects that converting `input` fails so, and leaves nothing.
  private func expectRefusal(
    _ input: String, status: Int32, naming texts: [String], hint: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.convert.run([input, "-o", folder["out.glc"]])
    expectFailure(outcome, status: status, naming: texts, hint: hint, sourceLocation: sourceLocation)
    #expect(!folder.names.contains { $0.contains("out.glc") }, sourceLocation: sourceLocation)
  }

  @Test func nothingThere() throws {
    try expectRefusal(folder["nothing"], status: 66, naming: [folder["nothing"], "No such file"])
    try expectRefusal("", status: 66, naming: ["No such file"])
    try expectRefusal("/dev/zero", status: 66, naming: ["/dev/zero", "expected a folder or a file"])
    try expectRefusal("\(Fixtures.tiny)/config.json/more", status: 66, naming: ["config.json/more", "Not a directory"])
  }

  @Test func folderWithoutWeights() throws {
    let empty = try folder.checkpoint(without: "model.safetensors")
    try expectRefusal(empty, status: 66, naming: [empty, "no weights", "model.safetensors"])
  }

  @Test func noConfiguration() throws {
    let checkpoint = try folder.checkpoint(without: "config.json")
    try expectRefusal(checkpoint, status: 66, naming: ["\(checkpoint)/config.json"], hint: "config.json")
  }

  @Test func noTokenizer() throws {
    let checkpoint = try folder.checkpoint(without: "tokenizer.json")
    try expectRefusal(checkpoint, status: 66, naming: [checkpoint, "tokenizer.json", "spm.model"])
  }

  @Test(arguments: ["pytorch_model.bin", "model.safetensors.index.json", "pytorch_model.bin.index.json"])
  func containersThatHoldSomethingElse(_ name: String) throws {
    let checkpoint = try folder.checkpoint([name: Array("something".utf8)], without: "model.safetensors")
    let expected =
      name.hasSuffix(".json") ? "invalid JSON" : "expected a zip archive of torch.save, found something else"
    for input in [checkpoint, "\(checkpoint)/\(name)"] {
      try expectRefusal(input, status: 65, naming: ["\(checkpoint)/\(name)", expected])
    }
  }

  @Test(arguments: ["pytorch_model.bin", "model.safetensors"])
  func pointerOfGitLFS(_ name: String) throws {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    let checkpoint = try folder.checkpoint([name: Array(pointer.utf8)], without: "model.safetensors")
    try expectRefusal(checkpoint, status: 65, naming: ["\(checkpoint)/\(name)", "Git LFS"], hint: "git lfs pull")
  }

  @Test func zipArchive() throws {
    // The end record of an archive without entries: a zip file, as `torch.save` writes one, and not one of its.
    let zip: [UInt8] = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)
    let checkpoint = try folder.checkpoint(["pytorch_model.bin": zip], without: "model.safetensors")
    try expectRefusal(checkpoint, status: 65, naming: ["\(checkpoint)/pytorch_model.bin", "PyTorch"])
  }

  @Test func anotherFile() throws {
    try expectRefusal("\(Fixtures.tiny)/config.json", status: 65, naming: ["config.json", "unrecognized file"])
    let onnx = try folder.write("model.onnx", "x")
    try expectRefusal(onnx, status: 65, naming: [onnx, ".safetensors"])
  }

  @Test func namesThatWouldBreakTheLine() throws {
    let odd = folder["no\nsuch\u{1B}[31m file"]
    try expectRefusal(odd, status: 66, naming: ["such", "No such file"])
  }

  @Test func commandLine() throws {
    let out = folder["out.glc"]
    let lines: [([String], String)] = [
      ([], "<input>"), ([Fixtures.tiny], "--output"), (["-o", out], "<input>"),
      ([Fixtures.tiny, "-o", out, "--q8", "--f32"], "--f32"), ([Fixtures.tiny, "-o", out, "--int8"], "--int8"),
      ([Fixtures.tiny, "-o"], "-o"), ([Fixtures.tiny, "more", "-o", out], "more"),
    ]
    for (arguments, text) in lines {
      expectFailure(try Program.convert.run(arguments), status: 64, naming: [text], hint: "gliclass-convert --help")
    }
    #expect(folder.names.isEmpty)
  }
}
