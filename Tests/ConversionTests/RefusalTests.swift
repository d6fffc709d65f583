import Checkpoints
import Conversion
import Foundation
import GLCFormat
import ModelCore
import TestSupport
import Testing

/// Checkpoints that are readable and yet not to be converted.
@Suite struct RefusalTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(atPath: Fixtures.path("random-tiny/\(name)"), toPath: folder.file(name))
    }
  }

  private typealias Header = [String: [String: Any]]

  /// Writes the fixture's weights with a changed header and data, converts, and gives the error.
  private func error(_ change: (inout Header, inout Data) throws -> Void) throws -> ConversionError? {
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.path("random-tiny/model.safetensors")))
    let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    let object = try JSONSerialization.jsonObject(with: bytes[8..<8 + length])
    var header = try #require(object as? Header)
    var data = Data(bytes[(8 + length)...])
    try change(&header, &data)
    let text = try JSONSerialization.data(withJSONObject: header)
    var file = Data()
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { file.append(contentsOf: $0) }
    file += text + data
    try file.write(to: URL(filePath: folder.file("model.safetensors")))
    do throws(ConversionError) {
      _ = try Converter(ConversionOptions(input: folder.path, output: folder.file("out.glc"))).run()
      return nil
    } catch {
      #expect(!FileManager.default.fileExists(atPath: folder.file("out.glc")))
      #expect(error.message.contains("model.safetensors") && !error.message.contains("\n"), "\(error.message)")
      return error
    }
  }

  @Test func theUnchangedCheckpointConverts() throws { #expect(try error { _, _ in } == nil) }

  @Test func tensorsThatNoRuleKnowsAreNamed() throws {
    let error = try error { header, data in
      header["model.surprise.weight"] = ["dtype": "F32", "shape": [1], "data_offsets": [data.count, data.count + 4]]
      data += Data(count: 4)
    }
    guard case .unknownTensors(_, ["model.surprise.weight"]) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.message.contains("model.surprise.weight") == true)
  }

  @Test func allMissingTensorsAreNamedAtOnce() throws {
    let names = ["model.text_projector.linear_1.bias", "model.classes_projector.linear_2.bias"]
    let error = try error { header, _ in
      for name in names { header["old.\(name)"] = header.removeValue(forKey: name) }
    }
    #expect(names.allSatisfy { error?.message.contains($0) == true }, "\(String(describing: error))")
  }

  /// The configuration does not say how many hidden states are weighted, so the tensors must be held against the encoder.
  @Test func weightsForTooManyLayersAreNamed() throws {
    let path = folder.file("config.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("\"squeeze_layers\": false", with: "\"squeeze_layers\": true")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let name = "model.layer_wise_attention.W1.weight"
    func error(states: Int) throws -> ConversionError? {
      try self.error { header, data in
        let shape = [max(1, states / 2), states]
        let size = shape[0] * shape[1] * 4
        header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [data.count, data.count + size]]
        data += Data(count: size)
      }
    }
    // Two layers have three states.
    guard case .tooManyLayerWeights(_, name, found: 4, states: 3) = try error(states: 4) else {
      Issue.record("\(String(describing: try error(states: 4)))")
      return
    }
    #expect(try error(states: 4)?.message.contains("at most 3 hidden states, found 4") == true)
    for states in 1...3 {
      guard case .checkpoint(.missingTensors(_, let names)) = try error(states: states) else {
        Issue.record("\(String(describing: try error(states: states)))")
        continue
      }
      #expect(names.count == 7 && names.allSatisfy { $0.hasPrefix("model.layer_wise_attention.") })
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func weightsThatAreNotFiniteAreNamedByRow(_ value: Float) throws {
    for name in ["model.text_projector.linear_1.weight", "model.text_projector.linear_1.bias"] {
      let error = try error { header, data in
        let offsets = try #require(header[name]?["data_offsets"] as? [Int])
        let row = name.hasSuffix("weight") ? 3 * 64 * 4 : 0
        withUnsafeBytes(of: value.bitPattern.littleEndian) {
          data.replaceSubrange(offsets[0] + row..<offsets[0] + row + 4, with: $0)
        }
      }
      guard case .notFinite(_, name, name.hasSuffix("weight") ? 3 : 0) = error else {
        Issue.record("\(name): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func outputsThatCannotBeCreatedAreNamed() throws {
    let converter = Converter(
      ConversionOptions(input: Fixtures.path("random-tiny"), output: folder.file("no/such/folder.glc")))
    let error = thrown(ConversionError.self) { try converter.run() }
    #expect(error?.exitStatus == .cannotCreate)
    #expect(error?.message.contains("folder.glc") == true)
  }
}
