import Checkpoints
import Foundation
import ModelCore
import Testing

/// What wrappers put into the names of tensors is taken out, and nothing else.
@Suite struct TensorNamesTests {
  struct Names: Sendable, CustomTestStringConvertible {
    let stored: [String]
    let names: [String]
    let removed: [String]
    var testDescription: String { stored.joined(separator: " ") }

    init(_ stored: [String], _ names: [String], _ removed: [String]) {
      (self.stored, self.names, self.removed) = (stored, names, removed)
    }
  }

  /// A file with tensors of these names, one byte each.
  static func weights(_ names: [String]) -> [UInt8] {
    let header = names.enumerated().map { SafetensorsErrorTests.tensor($1, "U8", "[1]", "[\($0),\($0 + 1)]") }
    return safetensors("{\(header.joined(separator: ","))}", data: Array(repeating: 7, count: names.count))
  }

  static func open(_ names: [String]) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    return try Checkpoint.open(folder.checkpoint(weights: weights(names)))
  }

  static let plain: [Names] = [
    Names(["model.a", "model.b"], ["model.a", "model.b"], []),
    Names([], [], []),
    // A prefix on some names only is a part of the model.
    Names(["module.a", "b"], ["module.a", "b"], []),
    Names(["base_model.model.a", "model.b"], ["base_model.model.a", "model.b"], []),
    Names(["base_model.a", "base_model.b"], ["base_model.a", "base_model.b"], []),
    // Whole components alone.
    Names(["modulea", "moduleb"], ["modulea", "moduleb"], []),
    Names(["x_orig_mod.a", "_orig_modx.a", "_orig_mod_.a"], ["x_orig_mod.a", "_orig_modx.a", "_orig_mod_.a"], []),
    Names(["a.module.b", "c"], ["a.module.b", "c"], []),
    Names(["a..b", ".a", "a."], ["a..b", ".a", "a."], []),
  ]

  static let wrapped: [Names] = [
    Names(["module.a", "module.b.c"], ["a", "b.c"], ["module."]),
    Names(["module.module.a", "module.module.b"], ["a", "b"], ["module.", "module."]),
    Names(["module.module.a", "module.b"], ["module.a", "b"], ["module."]),
    Names(["base_model.model.a", "base_model.model.b"], ["a", "b"], ["base_model.model."]),
    Names(["module.base_model.model.a"], ["a"], ["module.", "base_model.model."]),
    Names(["base_model.model.module.a"], ["a"], ["base_model.model.", "module."]),
    // Nothing but a compiled module is called so, wherever it stands and however often.
    Names(["_orig_mod.a", "b"], ["a", "b"], ["_orig_mod."]),
    Names(["model._orig_mod.a", "model.b"], ["model.a", "model.b"], ["_orig_mod."]),
    Names(["_orig_mod.m._orig_mod.a", "_orig_mod.b"], ["m.a", "b"], ["_orig_mod."]),
    Names(["a._orig_mod"], ["a"], ["_orig_mod."]),
    Names(["module._orig_mod.a", "module._orig_mod.b"], ["a", "b"], ["_orig_mod.", "module."]),
    Names(["_orig_mod.module.a", "module._orig_mod.b"], ["a", "b"], ["_orig_mod.", "module."]),
    Names(["_orig_mod.module.a", "b"], ["module.a", "b"], ["_orig_mod."]),
  ]

  /// Of the inner model alone, as `transformers` would load it.
  static let inner: [Names] = [
    Names(["encoder_model.a", "b"], ["model.encoder_model.a", "model.b"], []),
    Names(["module.encoder_model.a", "module.b"], ["model.encoder_model.a", "model.b"], ["module."]),
    Names(["_orig_mod.encoder_model.a"], ["model.encoder_model.a"], ["_orig_mod."]),
  ]

  static let notInner: [Names] = [
    Names(["encoder_model.a", "model.b"], ["encoder_model.a", "model.b"], []),
    Names(["encoder_models.a", "encoder_model"], ["encoder_models.a", "encoder_model"], []),
    Names(["x.encoder_model.a"], ["x.encoder_model.a"], []),
  ]

  @Test(arguments: inner)
  func innerModel(_ case: Names) throws {
    try prefixes(`case`)
    #expect(try Self.open(`case`.stored).weights.addsModelPrefix)
  }

  @Test(arguments: plain + wrapped + notInner)
  func noInnerModel(_ case: Names) throws {
    try prefixes(`case`)
    #expect(try !Self.open(`case`.stored).weights.addsModelPrefix)
  }

  func prefixes(_ case: Names) throws {
    let checkpoint = try Self.open(`case`.stored)
    #expect(checkpoint.tensors.map(\.name) == `case`.names)
    #expect(checkpoint.weights.removedPrefixes == `case`.removed)
    for (index, name) in `case`.names.enumerated() {
      let tensor = try #require(checkpoint.tensor(name))
      #expect(tensor.byteRange?.lowerBound == checkpoint.tensors[index].byteRange?.lowerBound)
    }
    for name in `case`.stored where !`case`.names.contains(name) { #expect(checkpoint.tensor(name) == nil) }
  }

  /// Two names that become one.
  @Test(arguments: [
    ["_orig_mod.a", "a"], ["m._orig_mod.a", "b", "_orig_mod.m.a"], ["module._orig_mod.a", "_orig_mod.module.a"],
  ])
  func collisionIsRefused(_ names: [String]) throws {
    let folder = try TemporaryFolder()
    _ = try folder.checkpoint(weights: Self.weights(names))
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    let first = try #require(names.first)
    let last = try #require(names.last)
    let name = names.count == 3 ? "m.a" : "a"
    let path = folder.path + "/model.safetensors"
    #expect(error == .duplicateTensor(path: path, tensor: name, first: first, second: last))
    #expect(error?.message == "\(path): \(name): expected one tensor of this name, found both \(first) and \(last)")
    #expect(error?.exitStatus == .badData)
  }

  /// Names are bytes: what Unicode takes for equal is not.
  @Test func equivalentNamesAreTwo() throws {
    let checkpoint = try Self.open(["\u{E9}", "e\u{301}", "\u{212A}"])
    let starts = try ["\u{E9}", "e\u{301}", "\u{212A}"].map {
      try #require(checkpoint.tensor($0)?.byteRange).lowerBound
    }
    #expect(Set(starts).count == 3)
    #expect(checkpoint.tensor("K") == nil)
  }

  /// A prefix counts over all shards together.
  @Test func prefixOfAllShards() throws {
    let folder = try TemporaryFolder()
    func shard(_ name: String, _ tensor: String) throws {
      let header = "{\(SafetensorsErrorTests.tensor(tensor, "U8", "[1]", "[0,1]"))}"
      _ = try folder.write(name, safetensors(header, data: [1]))
    }
    try folder.copy(Fixtures.randomTiny + "/config.json", as: "config.json")
    try shard("a.safetensors", "module.a")
    try shard("b.safetensors", "module.b")
    let index = "model.safetensors.index.json"
    _ = try folder.write(index, "{\"weight_map\":{\"module.a\":\"a.safetensors\",\"module.b\":\"b.safetensors\"}}")
    #expect(try Checkpoint.open(folder.path).tensors.map(\.name) == ["a", "b"])
    try shard("b.safetensors", "b")
    _ = try folder.write(index, "{\"weight_map\":{\"module.a\":\"a.safetensors\",\"b\":\"b.safetensors\"}}")
    #expect(try Checkpoint.open(folder.path).tensors.map(\.name) == ["module.a", "b"])
  }
}
