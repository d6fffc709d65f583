import CKernels
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Tensor data with right checksums and wrong contents.
@Suite struct HostileTensorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The fixture with `change` made to the extent of one tensor, checksums mended.
  private func spoilt(
    _ tensor: String, _ scheme: String = "q8", _ change: (inout [UInt8], TensorRecord) -> Void
  ) throws -> String {
    let path = try Converted.glc(Fixtures.path("random-tiny"), scheme == "q8" ? .q8 : .f32)
    let records = try GLCFile(path: path).records
    let position = try #require(records.firstIndex { $0.name == tensor })
    let record = records[position]
    var good = try GoodFile(path: path)
    let start = try good.section(4).range.lowerBound + record.extent.lowerBound
    var extent = Array(good.bytes[start..<start + record.extent.count])
    change(&extent, record)
    let checksum = extent.withUnsafeBytes { glck_crc32_portable(0, $0.baseAddress, $0.count) }
    good.bytes.replaceSubrange(start..<start + extent.count, with: extent)
    good.bytes.put(UInt64(checksum), at: try good.section(2).range.lowerBound + 16 + 128 * position + 48, 4)
    good.bytes.mendChecksums()
    let output = folder.file("spoilt-\(UUID().uuidString).glc")
    try Data(good.bytes).write(to: URL(filePath: output))
    return output
  }

  private func fill(_ bytes: inout [UInt8], _ count: Int, _ value: Float) {
    for index in 0..<count { bytes.put(UInt64(value.bitPattern), at: 4 * index, 4) }
  }

  /// The last bias comes after everything that LayerNorm and quantization judge.
  @Test(arguments: ["q8", "f32"], [Float.nan, .infinity, 3e38])
  func logitsThatAreNotFiniteAreAnError(_ scheme: String, _ value: Float) throws {
    let text = try spoilt("head.text.second.bias", scheme) { bytes, record in fill(&bytes, record.shape[0], value) }
    let session = try GLiClassModel(path: text).makeSession()
    let error = thrown(GLiClassError.self) { try session.classify("some words", labels: ["a", "b"]) }
    #expect(error?.message.contains("logits: expected finite activations") == true, "\(String(describing: error))")
  }

  @Test func codesAndSumsThatKernelsWouldReadDifferentlyAreFound() throws {
    let name = "layers.0.attention.key.weight"
    let files = [
      try spoilt(name) { bytes, _ in bytes[5] = 0x80 },
      try spoilt(name) { bytes, record in bytes[record.channelSumsOffset] ^= 1 },
      try spoilt("embeddings.tokens") { bytes, _ in bytes[77] = 0x80 },
    ]
    for path in files {
      let error = thrown(GLCFormatError.self) { try GLCFile(path: path).checkTensorData() }
      guard case .malformed = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  /// The file with some tensors in another form, their contents zero.
  private func rewritten(_ source: GLCFile, _ others: [TensorRecord]) throws -> String {
    let names = Set(others.map(\.name))
    let records = source.records.filter { !names.contains($0.name) } + others
    let path = folder.file("rewritten-\(UUID().uuidString).glc")
    let writer = try GLCWriter(path: path, records: records, tokenizer: Array(source.tokenizerBytes))
    for record in writer.records {
      let zeros = [UInt8](repeating: 0, count: record.extent.count)
      let bytes = names.contains(record.name) ? zeros : Array(source.extent(try source.record(record.name)))
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
      defer { buffer.deallocate() }
      buffer.copyBytes(from: bytes)
      try writer.append(UnsafeRawBufferPointer(buffer), to: record.name)
    }
    _ = try writer.finish(
      metadata: source.metadata.root.json.text(), majorVersion: source.configuration.formatVersion)
    return path
  }

  /// Query, key and value read the same rows: one of them in another encoding would read rows that nobody wrote.
  @Test func projectionsOfOneLayerShareAnEncoding() throws {
    let source = try GLCFile(path: Converted.glc(Fixtures.path("random-tiny"), .q8))
    let name = "layers.0.attention.query.weight"
    let other = try #require(
      TensorRecord(name: name, encoding: .f32, layout: .panels, shape: try source.record(name).shape))
    let path = try rewritten(source, [other])
    let error = thrown(GLiClassError.self) { try GLiClassModel(path: path) }
    let expected = "layers.0.attention.key.weight: expected f32, f16 or bf16 as of layers.0.attention.query.weight"
    #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
  }

  /// Every tensor in every form that the directory takes: an error that names it, or logits.
  @Test(
    arguments: [
      "mix-all", "published-multilang", "squeeze-all-states", "published-instruct", "scorer-hopfield",
      "embedding-size-smaller",
    ])
  func everyTensorInEveryForm(_ variant: String) throws {
    let source = try GLCFile(path: Converted.glc(Variants.folder(variant), .q8))
    var refused = 0
    for record in source.records {
      for (encoding, layout) in [
        (TensorEncoding.int8, TensorLayout.tiles), (.int8, .rows), (.f32, .panels), (.f32, .rows), (.f16, .rows),
        (.int4, .tiles), (.int4, .rows), (.bf16, .panels),
      ] where encoding != record.encoding || layout != record.layout {
        guard
          let other = TensorRecord(
            name: record.name, encoding: encoding, layout: layout, shape: record.shape,
            groupSize: encoding == .int4 ? 32 : 0)
        else { continue }
        let path = try rewritten(source, [other])
        defer { try? FileManager.default.removeItem(atPath: path) }
        do throws(GLiClassError) {
          _ = try GLiClassModel(path: path).makeSession(options: SessionOptions(threads: 1))
            .classify("some words", labels: ["a", "b", "c"])
        } catch {
          refused += 1
          #expect(error.message.contains(path), "\(record.name) in \(encoding) \(layout): \(error.message)")
        }
      }
    }
    #expect(refused > source.records.count)
  }
}
