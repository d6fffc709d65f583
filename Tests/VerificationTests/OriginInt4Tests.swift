import Conversion
import Foundation
import GLCFormat
import GLiClass
import TestSupport
import Testing
import Verification

/// int4 rows and input scales in files with valid checksums, honest ones and others.
@Suite struct OriginInt4Tests {
  /// 64 channels of 128 features: four groups of 32, two of 64.
  private static let name = "layers.1.feed_forward.output.weight"
  private static let inputScales = (0..<128).map { 0.75 + Float($0 % 7) / 12 }

  /// The fixture in f32 but for one matrix, which is stored as `form` and then changed.
  private func report(
    _ form: SabotagedGLC.Form, _ change: (inout SabotagedGLC) throws -> Void = { _ in }
  ) throws -> OriginReport {
    try Origins.sabotaged(.f32) { file in
      try file.encode(Self.name, as: form)
      try change(&file)
    }
  }

  @Test(
    arguments: [
      .int4(groupSize: 32), .int4(groupSize: 64), .int4(groupSize: 128), .int4(groupSize: 0),
      .int4(groupSize: 32, inputScales: inputScales), .int4(groupSize: 0, inputScales: inputScales),
      .int8(inputScales: inputScales), .f16, .bf16,
    ] as [SabotagedGLC.Form])
  func honestFormsAreNoFinding(_ form: SabotagedGLC.Form) throws {
    let report = try report(form)
    #expect(report.lines == [])
    let worst = report.tensors[0]
    #expect(worst.name == Self.name)
    // What rounding to so many levels of a group's largest value leaves.
    let expected: ClosedRange<Double> =
      switch form {
      case .int4: 15...25
      case .int8: 38...50
      case .bf16: 45...60
      default: 65...80
      }
    #expect(expected.contains(worst.sqnr), "\(form): \(worst.sqnr)")
  }

  /// Values and weights with their input scales, against the helper that was written from the format.
  @Test(
    arguments: [
      .int4(groupSize: 32, inputScales: inputScales), .int4(groupSize: 0), .int8(inputScales: inputScales),
    ] as [SabotagedGLC.Form])
  func everyWeightIsReadAsTheFormatHasIt(_ form: SabotagedGLC.Form) throws {
    let home = try TestSupport.TemporaryFolder()
    var file = try SabotagedGLC(path: TestSupport.Converted.glc(Origins.tiny, .f32))
    try file.encode(Self.name, as: form)
    try file.encode("embeddings.tokens", as: .int4(groupSize: 32))
    try file.write(to: home.file("int4.glc"))
    let opened = try GLCFile(path: home.file("int4.glc"))
    for name in [Self.name, "embeddings.tokens"] {
      let stored = try #require(StoredTensor(try opened.record(name), in: opened))
      let tensor = try file.tensor(name)
      var row = Array(repeating: Float(0), count: stored.columns)
      for index in 0..<stored.rows {
        stored.read(index, into: &row)
        for column in row.indices { #expect(row[column] == tensor.weight(index, column)) }
      }
    }
  }

  @Test func zeroGroupOfARow() throws {
    let report = try report(.int4(groupSize: 32)) { file in
      try file.change(Self.name) { tensor in for column in 64..<96 { tensor.zero(37, column) } }
    }
    #expect(
      report.lines == ["\(Self.name): channel 37, features 64 to 95 are zero, in the checkpoint they are not"])
  }

  /// A multiplier that is not the one its codes were made with.
  @Test(arguments: [SabotagedGLC.Form.int4(groupSize: 32), .int4(groupSize: 32, inputScales: inputScales)])
  func multiplierOfAGroup(_ form: SabotagedGLC.Form) throws {
    let report = try report(form) { file in
      try file.change(Self.name) { tensor in
        let place = tensor.multiplierOffset(37, 1)
        tensor.extent[place] = tensor.extent[place] > 7 ? tensor.extent[place] / 2 : 15
      }
    }
    #expect(report.lines.count == 1)
    let start = "\(Self.name): channel 37, features 32 to 63 are "
    #expect(report.lines[0].hasPrefix(start) && report.lines[0].hasSuffix(" times the checkpoint's"), "\(report.lines)")
  }

  @Test func groupOfAnotherRow() throws {
    let report = try report(.int4(groupSize: 64)) { file in
      try file.change(Self.name) { tensor in
        for column in 64..<128 { tensor.setCode(11, column, to: column % 15 - 7) }
      }
    }
    #expect(report.lines.count == 1)
    let start = "\(Self.name): channel 11, features 64 to 127 are not the checkpoint's: SQNR"
    #expect(report.lines[0].hasPrefix(start), "\(report.lines)")
  }

  @Test func rowsOfInt4() throws {
    let report = try report(.int4(groupSize: 32)) { file in
      try file.swapRows(Self.name, 3, 40)
      try file.scaleChannel(Self.name, 9, by: 2)
      try file.zeroChannel(Self.name, 12)
    }
    #expect(report.lines.count == 3)
    #expect(report.lines.contains("\(Self.name): channels 3 and 40 are exchanged"), "\(report.lines)")
    #expect(report.lines.contains("\(Self.name): channel 12 is zero, in the checkpoint it is not"), "\(report.lines)")
    // Of four bits a factor is known to some parts in a hundred.
    let factor = report.lines.first { $0.hasPrefix("\(Self.name): channel 9 is 2.0") }
    #expect(factor?.hasSuffix(" times the checkpoint's") == true, "\(report.lines)")
  }

  @Test func rowsOfAnInt4Table() throws {
    let report = try Origins.sabotaged(.f32) { file in
      try file.encode("embeddings.tokens", as: .int4(groupSize: 32))
      try file.swapRows("embeddings.tokens", 5, 6)
    }
    #expect(report.lines.count == 1 && report.lines[0].hasPrefix("embeddings.tokens: rows 5 ("), "\(report.lines)")
    #expect(report.lines[0].hasSuffix(" are exchanged"), "\(report.lines)")
  }

  @Test func tileOfInt4() throws {
    let report = try report(.int4(groupSize: 64)) { try $0.zeroTile(Self.name, block: 1, tile: 1) }
    let message = "channels 16 to 31, features 64 to 127 are zero, in the checkpoint they are not"
    #expect(report.lines == ["\(Self.name): \(message)"])
  }

  private static func setInputScale(_ feature: Int, by factor: Float, in file: inout SabotagedGLC) throws {
    try file.change(name) { tensor in
      let place = tensor.inputScalesOffset + 4 * feature
      let bits = (tensor.inputScale(feature) * factor).bitPattern
      for byte in 0..<4 { tensor.extent[place + byte] = UInt8(truncatingIfNeeded: bits >> (8 * UInt32(byte))) }
    }
  }

  /// Input scales that are not those that the codes were made with: every channel has the same fault.
  @Test(
    arguments: [SabotagedGLC.Form.int4(groupSize: 32, inputScales: inputScales), .int8(inputScales: inputScales)],
    [Float(2), 0.5, 100])
  func inputScaleOfAFeature(_ form: SabotagedGLC.Form, _ factor: Float) throws {
    let report = try report(form) { try Self.setInputScale(70, by: factor, in: &$0) }
    #expect(report.lines.count == 1)
    let line = report.lines.first ?? ""
    #expect(line.hasPrefix("\(Self.name): feature 70 is "), "\(report.lines)")
    #expect(line.hasSuffix("its input scale is not the one its codes were made with"), "\(report.lines)")
    let found = Float(line.split(separator: " ")[4]) ?? 0
    #expect(abs(found / factor - 1) < 0.1, "\(line)")
  }

  @Test func inputScalesOfAnotherLayer() throws {
    let report = try report(.int8(inputScales: Self.inputScales)) { file in
      for feature in 0..<128 {
        let ratio = Self.inputScales[(feature + 3) % 128] / Self.inputScales[feature]
        try Self.setInputScale(feature, by: ratio, in: &file)
      }
    }
    #expect(report.lines.count == 1)
    #expect(
      report.lines[0].hasSuffix(
        "of 128 features are multiples of the checkpoint's in all channels: input scales are not those that the codes "
          + "were made with"), "\(report.lines)")
  }

  /// Beside a feature that is wrong everywhere, a channel that is.
  @Test func inputScaleAndAChannel() throws {
    let report = try report(.int8(inputScales: Self.inputScales)) { file in
      try Self.setInputScale(70, by: 2, in: &file)
      try file.scaleChannel(Self.name, 9, by: 2)
    }
    #expect(report.lines.count == 2)
    #expect(report.lines[0].hasPrefix("\(Self.name): feature 70 is 2.00 times"), "\(report.lines)")
    #expect(report.lines[1] == "\(Self.name): channel 9 is 2.00 times the checkpoint's")
  }
}
