import Checkpoints
import Conversion
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// The same weights from four containers, written by the real tools (Scripts/container_fixtures.py).
@Suite struct ContainerTests {
  static let containers = ["micro", "micro-sharded", "micro-zip", "micro-zip-sharded"]
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of the checkpoint in one container, with the configuration and the tokenizer that they share.
  func checkpoint(_ container: String) throws -> String {
    let copy = folder.file(container)
    try FileManager.default.copyItem(atPath: Fixtures.path("containers/\(container)"), toPath: copy)
    for file in ["containers/micro/config.json", "random-tiny/tokenizer.json", "random-tiny/tokenizer_config.json"] {
      let name = file.split(separator: "/").last.map(String.init) ?? ""
      guard !FileManager.default.fileExists(atPath: "\(copy)/\(name)") else { continue }
      try FileManager.default.copyItem(atPath: Fixtures.path(file), toPath: "\(copy)/\(name)")
    }
    return copy
  }

  func convert(_ input: String, _ name: String, _ scheme: WeightScheme = .q8, adapter: String? = nil) throws -> GLCFile
  {
    let output = folder.file("\(name)-\(scheme).glc")
    _ = try Converter(ConversionOptions(input: input, output: output, scheme: scheme, adapter: adapter)).run()
    return try GLCFile(path: output)
  }

  @Test(arguments: WeightScheme.allCases) func giveTheSameWeightsByteForByte(_ scheme: WeightScheme) throws {
    let files = try Self.containers.map { try convert(checkpoint($0), $0, scheme) }
    let first = try #require(files.first)
    #expect(first.records.count == 29)
    for file in files.dropFirst() {
      // Records hold extents and checksums; extents cover the section without gaps.
      #expect(file.records == first.records)
      for record in first.records { #expect(file.extent(record).elementsEqual(first.extent(record))) }
      #expect(file.tokenizerBytes.elementsEqual(first.tokenizerBytes))
    }
    let sources = try files.map { try $0.metadata.root.required("source") }
    let digests = try sources.map { try $0.required("content_digest").requireString() }
    #expect(Set(digests).count == 1)
    let names = try sources.map { try $0.required("files").elements().map { try $0.required("name").requireString() } }
    #expect(names[0].first == "model.safetensors" && names[2].first == "pytorch_model.bin")
    #expect(names[1].prefix(4).allSatisfy { $0.hasPrefix("model") } && names[1].first == "model.safetensors.index.json")
    #expect(names[3].prefix(3).allSatisfy { $0.hasPrefix("pytorch_model") })
  }

  @Test(arguments: containers) func thePlanIsWhatIsDone(_ container: String) throws {
    let input = try checkpoint(container)
    for scheme in WeightScheme.allCases {
      let plan = try Converter(ConversionOptions(input: input, output: "", scheme: scheme)).plan()
      let file = try convert(input, container, scheme)
      #expect(plan.outputSize == file.file.size)
      #expect(plan.tensors.map(\.name) == file.records.map(\.name))
      #expect(plan.tensors.map(\.size) == file.records.map(\.extent.count))
      #expect(plan.projected.map(\.name).contains("model.encoder_model.encoder.rel_embeddings.weight"))
    }
  }

  /// A storage's checksum is compared while the conversion runs: nothing appears.
  @Test func damageInsideAnArchiveIsFound() throws {
    let input = try checkpoint("micro-zip")
    let path = "\(input)/pytorch_model.bin"
    let tensor = try #require(try Checkpoint.open(input).tensor("model.text_projector.linear_1.weight"))
    let range = try #require(tensor.byteRange)
    let bytes = try Data(contentsOf: URL(filePath: path))
    // Once as a number among others, and once so that the weights look worse than damaged: as infinity.
    for (index, byte) in [(2, bytes[range.lowerBound + 2] ^ 4), (3, 0x7F)] {
      var damaged = bytes
      damaged[range.lowerBound + index] = byte
      if index == 3 { damaged[range.lowerBound + 2] = 0x80 }
      try damaged.write(to: URL(filePath: path))
      let error = thrown(ConversionError.self) { try convert(input, "damaged") }
      guard case .checkpoint(.zip(path, .checksum(let entry, _, _))) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(entry.hasPrefix("pytorch_model/data/"))
      #expect(!FileManager.default.fileExists(atPath: folder.file("damaged-q8.glc")))
    }
  }

  /// The output would replace what is read, by whatever name.
  @Test func noShardIsOverwritten() throws {
    let input = try checkpoint("micro-sharded")
    let shards = try FileManager.default.contentsOfDirectory(atPath: input).filter { $0.contains("-of-") }
    let adapter = folder.file("adapter")
    try FileManager.default.copyItem(atPath: Fixtures.path("adapters/plain"), toPath: adapter)
    #expect(shards.count == 3)
    for shard in shards + ["model.safetensors.index.json"] {
      let options = ConversionOptions(input: input, output: "\(input)/\(shard)")
      let error = thrown(ConversionError.self) { try Converter(options).run() }
      #expect(error?.exitStatus == .cannotCreate, "\(shard)")
    }
    let options = ConversionOptions(
      input: Fixtures.path("random-tiny"), output: "\(adapter)/adapter_model.safetensors", adapter: adapter)
    #expect(thrown(ConversionError.self) { try Converter(options).run() }?.exitStatus == .cannotCreate)
  }

  @Test func anAdapterChangesWhatItSays() throws {
    let base = Fixtures.path("random-tiny")
    let plain = try GLCFile(path: Converted.glc(base, .f32))
    let merged = try convert(base, "merged", .f32, adapter: Fixtures.path("adapters/plain"))
    let changed = plain.records.map(\.name).filter { name in
      guard let left = try? plain.record(name), let right = try? merged.record(name) else { return true }
      return !plain.extent(left).elementsEqual(merged.extent(right))
    }
    // Queries and values of both layers, and the relative embeddings that are projected by the queries.
    let expected = (0...1).flatMap { layer in
      ["query.weight", "relative_queries", "value.weight"].map { "layers.\(layer).attention.\($0)" }
    }
    #expect(changed == expected)
    let source = try merged.metadata.root.required("source")
    let names = try source.required("files").elements().map { try $0.required("name").requireString() }
    #expect(names.prefix(3) == ["model.safetensors", "adapter_config.json", "adapter_model.safetensors"])
    #expect(
      try source.required("content_digest").requireString()
        != plain.metadata.root.required("source").required("content_digest").requireString())
  }
}
