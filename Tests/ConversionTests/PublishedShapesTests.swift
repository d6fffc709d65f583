import Checkpoints
import Conversion
import Foundation
import ModelCore
import TestSupport
import Testing

/// The configuration and the tensors of every published DeBERTa model (Scripts/published_shapes.py), as checkpoints without
/// contents: sparse files, whose headers alone are read.
@Suite struct PublishedShapesTests {
  struct Model: Decodable {
    var tensors: [String: Shape]
  }

  /// `["F32", [768, 768]]`.
  struct Shape: Decodable {
    var type: String
    var shape: [Int]

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      type = try list.decode(String.self)
      shape = try list.decode([Int].self)
    }
  }

  static let names: [String] = {
    let folder = Fixtures.path("published")
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted()
  }()

  /// The only tensor that a model may have and nobody reads: the scale of the logits, where features are not normalized.
  static let unread = ["model.logit_scale"]

  @Test func everyDeBERTaRowIsThere() {
    #expect(Self.names.count == 15, "\(Self.names)")
  }

  @Test(arguments: names) func everyTensorHasAPlace(_ name: String) throws {
    let path = Fixtures.path("published/\(name)")
    // Configurations by older versions are of models whose tensors another file lists.
    let short = String(name.split(separator: "/").last ?? "")
    let list = Fixtures.path("published/\(short)")
    let model = try JSONDecoder().decode(Model.self, from: Data(contentsOf: URL(filePath: list)))
    let folder = try TemporaryFolder()
    let config = try JSONDocument(contentsOf: path).root.required("config")
    try Data(config.json.text().utf8).write(to: URL(filePath: folder.file("config.json")))
    try Self.writeSparse(model.tensors, to: folder.file("model.safetensors"))

    let checkpoint = try Checkpoint.open(folder.path)
    let mapping = try TensorMapping(checkpoint)
    let used = Set(mapping.rows.map(\.view.name)).union(mapping.projected.map(\.name))
    #expect(used.union(mapping.unread.map(\.name)) == Set(model.tensors.keys))
    #expect(mapping.unread.map(\.name) == Self.unread)
    #expect(Set(mapping.rows.map(\.row.name)).count == mapping.rows.count)
    for (row, view) in mapping.rows { #expect(view.shape == row.sourceShape && model.tensors[view.name] != nil) }
  }

  /// A safetensors file with the header for `tensors` and zeros that take no room on the disk.
  static func writeSparse(_ tensors: [String: Shape], to path: String) throws {
    var end = 0
    var rows: [String] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let size = tensor.shape.reduce(1, *) * (tensor.type == "F32" ? 4 : 2)
      rows.append(
        "\"\(name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),\"data_offsets\":[\(end),\(end + size)]}")
      end += size
    }
    let header = Data("{\(rows.joined(separator: ","))}".utf8)
    var file = Data()
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
    try (file + header).write(to: URL(filePath: path))
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(8 + header.count + end))
    try handle.close()
  }

  /// A missing tensor, two at once: both are named.
  @Test func allMissingTensorsAreNamed() throws {
    let path = Fixtures.path("published/small-v1.0.json")
    var tensors = try JSONDecoder().decode(Model.self, from: Data(contentsOf: URL(filePath: path))).tensors
    let gone = ["model.text_projector.linear_1.bias", "model.encoder_model.encoder.layer.3.output.dense.weight"]
    for name in gone { tensors[name] = nil }
    let folder = try TemporaryFolder()
    let config = try JSONDocument(contentsOf: path).root.required("config")
    try Data(config.json.text().utf8).write(to: URL(filePath: folder.file("config.json")))
    try Self.writeSparse(tensors, to: folder.file("model.safetensors"))
    let error = thrown(ConversionError.self) { try TensorMapping(Checkpoint.open(folder.path)) }
    guard case .checkpoint(.missingTensors(_, let names)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(Set(names) == Set(gone))
  }
}
