import Checkpoints
import Conversion
import Foundation
import GLCFormat
import GLiClass
import TestSupport
import Testing
import Verification

/// Files with valid checksums whose tensors are not what the checkpoint makes of them.
@Suite struct OriginTensorTests {
  private static let value = "layers.1.attention.value.weight"

  @Test(arguments: [WeightScheme.q8, .f32]) func zeroedTile(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) {
      try $0.zeroTile("layers.1.feed_forward.output.weight", block: 1, tile: 1)
    }
    let message = "channels 16 to 31, features 64 to 127 are zero, in the checkpoint they are not"
    #expect(report.lines == ["layers.1.feed_forward.output.weight: \(message)"])
    #expect(report.tensors[0].name == "layers.1.feed_forward.output.weight")
    #expect((16...31).contains(report.tensors[0].worstChannel))
  }

  @Test func zeroedTileOfAHead() throws {
    let report = try Origins.sabotaged(.q8) {
      try $0.zeroTile("layers.0.attention.relative_keys", block: 1, tile: 0, matrix: 1)
    }
    let message = "head 1, rows 16 to 31 are zero, in the checkpoint they are not"
    #expect(report.lines == ["layers.0.attention.relative_keys: \(message)"])
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func zeroedChannel(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) { try $0.zeroChannel(Self.value, 37) }
    #expect(report.lines == ["\(Self.value): channel 37 is zero, in the checkpoint it is not"])
    #expect(report.tensors[0].worstChannel == 37 && report.tensors[0].worstChannelSQNR == 0)
  }

  /// A channel that is not the checkpoint's is named by its own error, whatever is the matter with others.
  @Test func channelBesideAWorseOne() throws {
    let report = try Origins.sabotaged(.q8) { file in
      try file.scaleChannel(Self.value, 37, by: 4)
      try file.change(Self.value) { tensor in
        let values = (0..<tensor.shape[1]).map { tensor.value(9, $0) * ($0 % 2 == 0 ? 0.5 : 1) }
        tensor.quantize(row: 9, values, scale: (values.map(\.magnitude).max() ?? 0) / 127)
      }
    }
    #expect(report.lines.count == 2 && report.lines[0] == "\(Self.value): channel 37 is 4.00 times the checkpoint's")
    #expect(report.lines[1].hasPrefix("\(Self.value): channel 9 is not the checkpoint's: SQNR"), "\(report.lines)")
  }

  @Test(arguments: [WeightScheme.q8, .f32], [2, 0.5, -1, 1.25, 1000])
  func channelTimesAFactor(scheme: WeightScheme, factor: Float) throws {
    let report = try Origins.sabotaged(scheme) { try $0.scaleChannel(Self.value, 37, by: factor) }
    let texts: [Float: String] = [2: "2.00", 0.5: "0.500", -1: "-1.00", 1.25: "1.25", 1000: "1000"]
    #expect(report.lines == ["\(Self.value): channel 37 is \(texts[factor] ?? "") times the checkpoint's"])
  }

  @Test func rowOfAHeadTimesAFactor() throws {
    let report = try Origins.sabotaged(.q8) {
      try $0.scaleChannel("layers.0.attention.relative_queries", 3, by: 2, matrix: 1)
    }
    #expect(report.lines == ["layers.0.attention.relative_queries: head 1, row 3 is 2.00 times the checkpoint's"])
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func tensorTimesAFactor(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) { file in
      for channel in 0..<64 { try file.scaleChannel(Self.value, channel, by: 0.125) }
      for column in 0..<64 {
        let bias = try file.tensor("layers.0.attention.output.bias").value(0, column)
        try file.setValue("layers.0.attention.output.bias", column: column, to: 2 * bias)
      }
    }
    #expect(
      report.lines == [
        "layers.0.attention.output.bias: is 2.00 times the checkpoint's",
        "\(Self.value): is 0.125 times the checkpoint's",
      ])
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func exchangedRowsOfTheTable(scheme: WeightScheme) throws {
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, scheme))
    let prompt = model.file.configuration.prompt
    let (label, separator) = (prompt.labelTokenID, prompt.separatorTokenID)
    let report = try Origins.sabotaged(scheme) { try $0.swapRows("embeddings.tokens", label, separator) }
    #expect(
      report.lines == ["embeddings.tokens: rows \(label) (<<LABEL>>) and \(separator) (<<SEP>>) are exchanged"])
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func exchangedAndCopiedChannels(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) { file in
      try file.swapRows(Self.value, 3, 60)
      // A channel in the place of another: what a block that is copied twice does.
      try file.change("layers.0.attention.key.weight") { tensor in
        let copy = tensor
        tensor.replace(row: 5, by: 9, of: copy)
      }
    }
    #expect(
      report.lines == [
        "layers.0.attention.key.weight: channel 5 holds the checkpoint's channel 9",
        "\(Self.value): channels 3 and 60 are exchanged",
      ])
  }

  @Test func channelsInAnotherOrder() throws {
    let report = try Origins.sabotaged(.q8) { file in
      for channel in 0..<32 { try file.swapRows("layers.0.attention.key.weight", channel, 63 - channel) }
      for channel in 0..<64 { try file.swapRows("layers.0.feed_forward.intermediate.weight", channel, 127 - channel) }
    }
    let message = "128 of 128 channels hold others' values: channel 0 holds the checkpoint's channel 127"
    #expect(report.lines.contains("layers.0.feed_forward.intermediate.weight: \(message)"))
    #expect(report.lines.contains("layers.0.attention.key.weight: channels 0 and 63 are exchanged"))
    #expect(report.lines.contains("layers.0.attention.key.weight: 29 more such"))
  }

  @Test func valuesThatAreNotFinite() throws {
    let report = try Origins.sabotaged(.q8) { file in
      try file.setValue("layers.1.attention.norm.bias", column: 3, to: .nan)
      try file.setScale("layers.0.attention.query.weight", 5, to: .infinity)
    }
    #expect(report.lines.contains("layers.1.attention.norm.bias: value 3 is not finite (nan)"))
    #expect(
      report.lines.contains("layers.0.attention.query.weight: the scale of channel 5 is not finite (inf)"))
    #expect(report.tensors.prefix(2).allSatisfy { $0.sqnr.isNaN && $0.worstChannelSQNR.isNaN })
    #expect(report.tensors[0].worstChannel == 5)
  }

  @Test func singleValues() throws {
    let report = try Origins.sabotaged(.q8) {
      try $0.setValue("layers.1.attention.norm.gain", column: 17, to: 9.5)
    }
    #expect(report.lines.count == 1)
    #expect(report.lines[0].hasPrefix("layers.1.attention.norm.gain: value 17 is 9.5, in the checkpoint "))
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func noise(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) { try $0.addNoise(Self.value, part: 0.25) }
    #expect(report.lines.count == 1)
    #expect(report.lines[0].hasPrefix("\(Self.value): 64 of 64 channels are not the checkpoint's, the worst channel "))
    #expect(report.tensors[0].name == Self.value && report.tensors[0].sqnr < 20)
  }

  /// Scales that clip cost some values much and all together little: as if they were chosen by what the activations make of the error.
  @Test(arguments: [Float(1), 0.9, 0.8, 0.7]) func scalesThatClipAreNoFinding(part: Float) throws {
    let original = try SabotagedGLC(path: TestSupport.Converted.glc(Origins.tiny, .f32))
    let report = try Origins.sabotaged(.q8) { file in
      for tensor in file.tensors where tensor.isInt8 && tensor.shape.count == 2 {
        let source = try original.tensor(tensor.name)
        try file.change(tensor.name) { tensor in
          for row in 0..<tensor.shape[0] {
            let values = (0..<tensor.shape[1]).map { source.value(row, $0) / tensor.inputScale($0) }
            tensor.quantize(row: row, values, scale: part * (values.map(abs).max() ?? 0) / 127)
          }
        }
      }
    }
    #expect(report.lines == [])
    // Far from what rounding alone would leave.
    #expect(part > 0.8 || report.tensors[0].sqnr < 35)
  }

  @Test func anotherModelIsOneFinding() throws {
    let report = try Origins.sabotaged(.q8) { file in
      for tensor in file.tensors where tensor.shape.count == 2 { try file.addNoise(tensor.name, part: 0.5) }
      for tensor in file.tensors where tensor.name.hasSuffix("bias") {
        for column in 0..<tensor.shape[0] { try file.setValue(tensor.name, column: column, to: Float(column % 7) / 5) }
      }
    }
    #expect(report.findings.map(\.place) == ["tensors"])
    #expect(report.lines[0].hasSuffix("have nothing of the checkpoint's: it is of another model"))
  }

  @Test(arguments: [2, 3]) func halfPrecisionIsRead(encoding: Int) throws {
    let home = try TestSupport.TemporaryFolder()
    let names = ["layers.0.attention.query.weight", "embeddings.tokens"]
    let original = try SabotagedGLC(path: TestSupport.Converted.glc(Origins.tiny, .f32))
    var changed = original
    for name in names { try changed.change(name) { $0.encodeHalf(encoding) } }
    try changed.write(to: home.file("half.glc"))
    let file = try GLCFile(path: home.file("half.glc"))
    for name in names {
      let (source, record) = (try original.tensor(name), try file.record(name))
      let stored = try #require(StoredTensor(record, in: file))
      #expect(record.summary.hasPrefix(encoding == 2 ? "f16" : "bf16"))
      var row = Array(repeating: Float(0), count: stored.columns)
      for index in 0..<stored.rows {
        stored.read(index, into: &row)
        for column in row.indices {
          let value = source.value(index, column)
          let half = encoding == 2 ? Float(Float16(value)) : Float(bitPattern: value.bitPattern & 0xFFFF_0000)
          #expect(row[column] == half)
        }
      }
    }
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func layersThatAreEachOthers(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) { file in
      for tensor in file.tensors where tensor.name.hasPrefix("layers.0.") {
        try file.exchangeContents(tensor.name, "layers.1.\(tensor.name.dropFirst("layers.0.".count))")
      }
    }
    #expect(
      report.lines == [
        "layers.0: 18 tensors hold the values of layers.1 in the checkpoint",
        "layers.1: 18 tensors hold the values of layers.0 in the checkpoint",
      ])
  }

  @Test func tensorsThatAreEachOthers() throws {
    let report = try Origins.sabotaged(.q8) { file in
      try file.exchangeContents("layers.0.attention.query.weight", "layers.0.attention.key.weight")
      try file.exchangeContents("head.text.first.weight", "head.classes.first.weight")
    }
    #expect(
      report.lines == [
        "layers.0.attention.query.weight: holds the values of layers.0.attention.key.weight in the checkpoint",
        "layers.0.attention.key.weight: holds the values of layers.0.attention.query.weight in the checkpoint",
        "head.text.first.weight: holds the values of head.classes.first.weight in the checkpoint",
        "head.classes.first.weight: holds the values of head.text.first.weight in the checkpoint",
      ])
  }

  @Test func layersBeyondTheMetadata() throws {
    let report = try Origins.sabotaged(.q8) { try $0.setMetadata("model.layers", to: 1) }
    #expect(
      report.lines == [
        "model.layers: 1, in the checkpoint 2", "layers.1: 18 tensors that no part of the metadata reads",
      ])
    let other = try Origins.sabotaged(.q8) { try $0.duplicateTensor(Self.value, as: "layers.7.attention.value.weight") }
    #expect(other.lines == ["layers.7.attention.value.weight: no part of the metadata reads it"])
  }

  /// A layer that the file neither has nor says it has.
  @Test func missingLayer() throws {
    let report = try Origins.sabotaged(.q8) { file in
      try file.setMetadata("model.layers", to: 1)
      for tensor in file.tensors where tensor.name.hasPrefix("layers.1.") { try file.removeTensor(tensor.name) }
    }
    #expect(
      report.lines == [
        "model.layers: 1, in the checkpoint 2", "layers.1: 18 tensors are missing, in the checkpoint they are there",
      ])
    #expect(report.layers.map(\.layer) == [nil, 0, 0, 0, nil, nil, nil])
  }

  /// The same file under another number of rows.
  @Test func otherShape() throws {
    let report = try Origins.sabotaged(.q8) { file in
      let rows = try #require(file.metadataValue("model.vocabulary_size") as? Int)
      try file.setMetadata("model.vocabulary_size", to: rows - 1)
      try file.change("embeddings.tokens") { $0.shorten(to: rows - 1) }
    }
    let count = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, .q8)).file.configuration.encoder
      .vocabularySize
    #expect(
      report.lines == [
        "model.vocabulary_size: \(count - 1), in the checkpoint \(count)",
        "embeddings.tokens: has shape [\(count - 1), 64], the checkpoint makes [\(count), 64]",
      ])
  }
}
