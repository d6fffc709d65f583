import Foundation
import GLCFormat
import ModelCore
import TestSupport
import Testing

/// The digest that identifies a checkpoint, as `Scripts/content_digest.py` computes it from formats/glc.md and reference files say it.
@Suite struct ContentDigestTests {
  private func digest(_ glc: String) throws -> String? {
    try GLCFile(path: glc).metadata.root.member("source")?.member("content_digest")?.string
  }

  private func python(_ files: String...) throws -> String {
    let (status, output) = try Python.run("content_digest.py", files)
    #expect(status == 0, "\(output)")
    return String(output.prefix { $0 != "\n" })
  }

  @Test func oneFile() throws {
    for name in ["random-tiny", "debian-tags-f16"] {
      let checkpoint = Fixtures.path(name)
      let own = try digest(Converted.glc(checkpoint, .q8))
      #expect(own?.hasPrefix("sha256:") == true)
      #expect(try python("\(checkpoint)/model.safetensors") == own)
      let header = try JSONLines.read("\(checkpoint)/reference.jsonl").first?.value.member("reference")
      #expect(header?.member("content_digest")?.string == own)
    }
  }

  /// Shards of a checkpoint give the digest of the whole.
  @Test func shards() throws {
    let folder = try TemporaryFolder()
    let checkpoint = folder.file("sharded")
    try FileManager.default.copyItem(atPath: Fixtures.path("containers/micro-sharded"), toPath: checkpoint)
    for file in ["containers/micro/config.json", "random-tiny/tokenizer.json", "random-tiny/tokenizer_config.json"] {
      let name = URL(filePath: file).lastPathComponent
      try FileManager.default.copyItem(atPath: Fixtures.path(file), toPath: "\(checkpoint)/\(name)")
    }
    let shards = (1...3).map { "\(checkpoint)/model-0000\($0)-of-00003.safetensors" }
    let own = try digest(Converted.glc(checkpoint, .q8))
    #expect(try python(shards[2], shards[0], shards[1]) == own)
    #expect(try python(Fixtures.path("containers/micro/model.safetensors")) == own)
  }

  @Test func badFiles() throws {
    for (path, status) in [("/nowhere", Int32(66)), (Fixtures.path("containers/micro/config.json"), 65)] {
      let (found, output) = try Python.run("content_digest.py", [path])
      // Without torch other files cannot be read at all.
      #expect(found == status || output.contains("torch"))
    }
  }
}
