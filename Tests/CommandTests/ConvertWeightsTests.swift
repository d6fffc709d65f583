import Foundation
import Testing

/// `gliclass-convert` on a damaged or unfitting `model.safetensors`: status 65, the file and the tensor named.
@Suite struct ConvertWeightsTests {
  static let bias = "model.encoder_model.encoder.layer.0.intermediate.dense.bias"
  static let weight = "model.encoder_model.encoder.layer.0.intermediate.dense.weight"

  /// Expects that the file is refused by naming it and `texts`, leaving the old output and nothing else.
  private func expectRefusal(
    _ file: [UInt8], naming texts: [String], options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try folder.checkpoint(["model.safetensors": file])
    try folder.write("out.glc", "old")
    let outcome = try Program.convert.run([checkpoint, "-o", folder["out.glc"]] + options)
    expectFailure(
      outcome, status: 65, naming: ["\(checkpoint)/model.safetensors"] + texts, sourceLocation: sourceLocation)
    #expect(folder.names == ["checkpoint", "out.glc"], sourceLocation: sourceLocation)
    #expect(try folder.bytes("out.glc") == Array("old".utf8), sourceLocation: sourceLocation)
  }

  private func expectRefusal(
    naming texts: [String], sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout Safetensors) throws -> Void
  ) throws {
    var file = try Safetensors()
    try edit(&file)
    try expectRefusal(file.file, naming: texts, sourceLocation: sourceLocation)
  }

  @Test func builderMakesAGoodFile() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try folder.checkpoint(["model.safetensors": try Safetensors().file])
    expectSuccess(try Program.convert.run([checkpoint, "-o", folder["out.glc"]]))
  }

  @Test func truncated() throws {
    let whole = try bytes("\(Fixtures.tiny)/model.safetensors")
    let header = try Safetensors().data.count
    let dataStart = whole.count - header
    for length in [0, 1, 7] {
      try expectRefusal(Array(whole[..<length]), naming: ["at least 8 bytes", "found \(length)"])
    }
    for length in [8, 9, dataStart - 1] {
      try expectRefusal(
        Array(whole[..<length]), naming: ["header", "expected \(dataStart - 8) bytes", "found \(length - 8)"])
    }
    for length in [dataStart, dataStart + 1, whole.count / 2, whole.count - 1] {
      try expectRefusal(Array(whole[..<length]), naming: ["model.", "data_offsets", "\(length - dataStart)"])
    }
    try expectRefusal(whole + [0], naming: ["found \(header + 1)"])
  }

  @Test func headerLengthBeyondTheFile() throws {
    try expectRefusal(naming: ["header", "99999999"]) { $0.headerLength = 99_999_999 }
    for length in [100_000_001, UInt64(Int64.max), .max] {
      try expectRefusal(naming: ["header", "\(length)"]) { $0.headerLength = length }
    }
    try expectRefusal(naming: ["header"]) { $0.headerLength = 0 }
    // Shorter: the header is cut. Longer by little: it is followed by data.
    try expectRefusal(naming: ["JSON"]) { $0.headerLength = 100 }
    try expectRefusal(naming: ["JSON"]) { $0.headerLength = UInt64($0.file.count - 8 - $0.data.count + 4) }
  }

  @Test func headerIsNotJSON() throws {
    for text in ["x", "[]", "{", "{\"a\":1}", "{\"a\":{\"dtype\":\"F32\"}}", "{\"a\":1,\"a\":2}", "null"] {
      let header = (0..<8).map { UInt8(truncatingIfNeeded: text.utf8.count >> (8 * $0)) } + Array(text.utf8)
      try expectRefusal(header, naming: [])
    }
  }

  @Test func offsets() throws {
    let file = try Safetensors()
    let second = file.names[1]
    let last = try #require(file.names.last)
    let size = file.data.count
    try expectRefusal(naming: [second, "overlap"]) { $0.move(second, by: -4) }
    try expectRefusal(naming: ["belong to no tensor"]) { $0.move(second, by: 4) }
    try expectRefusal(naming: [last, "\(size + 4)"]) { $0.move(last, by: 4) }
    try expectRefusal(naming: [last, "data_offsets"]) { $0.move(last, by: 1 << 62) }
    try expectRefusal(naming: [second, "data_offsets", "-"]) { $0.move(second, by: -(1 << 40)) }
    try expectRefusal(naming: [second, "data_offsets"]) { $0.entries[second]?.offsets.reverse() }
    try expectRefusal(naming: [second, "data_offsets"]) { $0.entries[second]?.offsets.removeLast() }
  }

  @Test func shapes() throws {
    let (bias, weight) = (Self.bias, Self.weight)
    try expectRefusal(naming: [bias, "[128]", "[2, 64]"]) { $0.entries[bias]?.shape = [2, 64] }
    try expectRefusal(naming: [weight, "[128, 64]", "[64, 128]"]) { $0.entries[weight]?.shape.reverse() }
    try expectRefusal(naming: [bias, "516 bytes", "512"]) { $0.entries[bias]?.shape = [129] }
    try expectRefusal(naming: [bias, "-128"]) { $0.entries[bias]?.shape = [-128] }
    try expectRefusal(naming: [bias]) { $0.entries[bias]?.shape = [1 << 40, 1 << 40] }
    try expectRefusal(naming: [bias]) { $0.entries[bias]?.shape = [Int.max, 4] }
  }

  @Test func elementTypes() throws {
    try expectRefusal(naming: [Self.bias, "I32", "F32, F16, BF16"]) { $0.entries[Self.bias]?.dtype = "I32" }
    try expectRefusal(naming: [Self.bias, "Q7"]) { $0.entries[Self.bias]?.dtype = "Q7" }
    try expectRefusal(naming: [Self.bias, "F16"]) { $0.entries[Self.bias]?.dtype = "F16" }
  }

  @Test func names() throws {
    let entry = try #require(try Safetensors().entries[Self.bias])
    try expectRefusal(naming: ["missing tensor", Self.bias]) {
      $0.entries[Self.bias] = nil
      $0.entries["model.logit_scale_2"] = entry
    }
    try expectRefusal(naming: ["model.adapter.weight"]) { $0.append("model.adapter.weight") }
    // A name is data: it must not look like a second line, or move the cursor.
    try expectRefusal(naming: ["harmless"]) { $0.append("harmless\nerror: \u{1B}[2Jforged") }
  }

  @Test func missingTensorsAreNotListedWithoutEnd() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try folder.checkpoint(
      replacing: "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 1000", in: "config.json")
    let outcome = try Program.convert.run([checkpoint, "-o", folder["out.glc"]])
    expectFailure(outcome, status: 65, naming: ["missing 15968 tensors", "layer.2."])
    #expect(String(decoding: outcome.errors, as: UTF8.self).contains(" and 15868 more"))
    #expect(outcome.errors.count < 10_000)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func notFinite(_ value: Float) throws {
    let tensors = [
      Self.bias, Self.weight, "model.encoder_model.embeddings.word_embeddings.weight",
      "model.encoder_model.encoder.rel_embeddings.weight", "model.encoder_model.encoder.LayerNorm.weight",
      "model.text_projector.linear_2.weight",
    ]
    for tensor in tensors {
      var file = try Safetensors()
      try file.set(tensor, 65 % (file.entries[tensor]?.shape.reduce(1, *) ?? 1), to: value)
      let row = (file.entries[tensor]?.shape.count ?? 0) > 1 ? "row 1" : "row 0"
      for scheme in ["--q8", "--q4", "--f32"] {
        try expectRefusal(file.file, naming: [tensor, "finite", row], options: [scheme])
      }
      // Whatever text or layer a calibration meets it in.
      if tensor.contains("encoder_model") {
        let calibrated = ["--q4", "--calibrate", "\(Fixtures.tiny)/eval.jsonl"]
        try expectRefusal(file.file, naming: [tensor, "finite", row], options: calibrated)
      }
    }
  }

  static let recipesOfZeros = [["--q8"], ["--q4"], ["--q4", "--calibrate", "\(Fixtures.tiny)/eval.jsonl"]]

  /// Output channels of zeros are zero in the file, and said.
  @Test(arguments: recipesOfZeros)
  func channelsOfZeros(_ options: [String]) throws {
    var file = try Safetensors()
    for row in [3, 90] {
      for column in 0..<64 { try file.set(Self.weight, 64 * row + column, to: column % 2 == 0 ? 0 : -0.0) }
    }
    let folder = try TemporaryFolder()
    let checkpoint = try folder.checkpoint(["model.safetensors": file.file])
    let outcome = try Program.convert.run([checkpoint, "-o", folder["out.glc"]] + options)
    expectSuccess(outcome)
    #expect(
      outcome.lines.contains("  zero       2 output channels, of layers.0.feed_forward.intermediate.weight"),
      "\(outcome)")
    expectSuccess(try Program.classify.run(["inspect", folder["out.glc"], "--check"]))
    expectSuccess(try Program.classify.run(["classify", folder["out.glc"], "--labels", "a,b", "a text"]))
    let whole = try Program.convert.run([Fixtures.tiny, "-o", folder["whole.glc"]] + options)
    #expect(!whole.lines.contains { $0.hasPrefix("  zero ") })
  }
}
