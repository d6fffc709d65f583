import Foundation
import GLCFormat
import TestSupport
import Testing

/// What the tests of a verifier sabotage with must itself be right: the reader takes the file, and finds in it what was put there.
@Suite struct SabotagedGLCTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("changed.glc") }

  init() throws { folder = try TemporaryFolder() }

  private func good(_ scheme: String) throws -> SabotagedGLC {
    try SabotagedGLC(path: Converted.glc(Fixtures.path("random-tiny"), scheme == "q8" ? .q8 : .f32))
  }

  @Test(arguments: ["q8", "f32"]) func unchangedFileComesBackToTheByte(scheme: String) throws {
    let path = try Converted.glc(Fixtures.path("random-tiny"), scheme == "q8" ? .q8 : .f32)
    #expect(try SabotagedGLC(path: path).bytes() == [UInt8](Data(contentsOf: URL(filePath: path))))
  }

  @Test(arguments: ["q8", "f32"]) func everyChangeLeavesAFileThatReadersTake(scheme: String) throws {
    var file = try good(scheme)
    let weight = "layers.1.attention.value.weight"
    let before = try file.tensor(weight)
    try file.zeroTile(weight, block: 1, tile: 0)
    try file.scaleChannel(weight, 2, by: 2)
    try file.swapRows(weight, 3, 4)
    try file.swapRows("embeddings.tokens", 5, 6)
    try file.addNoise("layers.0.feed_forward.output.weight", part: 0.1)
    try file.zeroChannel("layers.0.attention.key.weight", 7)
    try file.setValue("layers.0.attention.norm.bias", column: 3, to: .nan)
    try file.exchangeContents("layers.0.attention.query.weight", "layers.1.attention.query.weight")
    try file.duplicateTensor(weight, as: "layers.9.attention.value.weight")
    try file.renameTensor("layers.0.feed_forward.norm.gain", to: "layers.0.feed_forward.norm.loss")
    try file.removeTensor("layers.0.feed_forward.norm.bias")
    try file.setMetadata("model.layer_norm_epsilon", to: 1e-4)
    try file.write(to: path)
    let read = try GLCFile(path: path)
    try read.checkTensorData()
    #expect(read.configuration.encoder.layerNormEpsilon == 1e-4)
    let after = try SabotagedGLC(path: path).tensor(weight)
    for column in 0..<64 {
      #expect(after.value(2, column) == 2 * before.value(2, column))
      #expect(after.value(3, column) == before.value(4, column))
      #expect(after.value(16, column) == 0 && after.value(31, column) == 0)
      #expect(after.value(15, column) == before.value(15, column))
      #expect(after.value(32, column) == before.value(32, column))
    }
    #expect(read.records.contains { $0.name == "layers.9.attention.value.weight" })
    #expect(!read.records.contains { $0.name.hasPrefix("layers.0.feed_forward.norm.b") })
  }
}
