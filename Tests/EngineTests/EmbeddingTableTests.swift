import Conversion
import Engine
import Foundation
import GLCFormat
import GLiClass
import TestSupport
import Testing

/// A large table of tokens is read row by row instead of through the mapping.
@Suite struct EmbeddingTableTests {
  @Test(arguments: [WeightScheme.q8, .f32])
  func rowsThatAreReadAreThoseThatAreMapped(_ scheme: WeightScheme) throws {
    let model = try Converted.model("random-tiny", scheme)
    let prompts = Prompts.synthetic(model, [1, 40, 129])
    let expected = Engines.bits(try Engines.session(model).logits(prompts))
    let read = try EngineModel(GLCFile(path: model.file.path), mappedTableBytes: 0)
    for threads in [1, 2] {
      let session = try EngineSession(read, options: EngineOptions(threads: threads))
      #expect(Engines.bits(try session.logits(prompts)) == expected)
    }
  }

  @Test func aFileThatBecameShorterIsAnError() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.glc")
    try FileManager.default.copyItem(atPath: Converted.model("random-tiny", .q8).file.path, toPath: path)
    let session = try EngineSession(EngineModel(GLCFile(path: path), mappedTableBytes: 0))
    let prompt = EnginePrompt(tokens: [5, 6, 7], labelPositions: [1])
    _ = try session.logits([prompt])
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 65_536)
    let error = thrown(EngineError.self) { try session.logits([prompt]) }
    #expect(error?.exitStatus == .inputOutput && error?.message.contains("became shorter") == true)
  }
}
