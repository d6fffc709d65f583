import Checkpoints
import ModelCore
import Testing

/// What wrappers put into names is removed, and nothing else.
@Suite struct WrapperNameTests {
  /// The names of a file of empty tensors, as a checkpoint knows them, and what was removed.
  private func names(_ stored: [String]) throws -> (names: [String], removed: [String]) {
    let folder = try TemporaryFolder()
    let rows = stored.map { SafetensorsErrorTests.tensor($0, "F32", "[0]", "[0,0]") }.joined(separator: ",")
    let path = try folder.checkpoint(weights: safetensors("{\(rows)}"))
    let checkpoint = try Checkpoint.open(path)
    return (checkpoint.tensors.map(\.name), checkpoint.weights.removedPrefixes)
  }

  private func expect(_ stored: [String], become names: [String], removing removed: [String] = []) throws {
    let found = try self.names(stored)
    #expect(Set(found.names) == Set(names))
    #expect(found.removed == removed)
  }

  @Test func prefixesOfEveryNameAreRemoved() throws {
    try expect(["module.a", "module.b.c"], become: ["a", "b.c"], removing: ["module."])
    try expect(["base_model.model.a"], become: ["a"], removing: ["base_model.model."])
    try expect(
      ["module.base_model.model.a", "module.base_model.model.module.b"], become: ["a", "module.b"],
      removing: ["module.", "base_model.model."])
  }

  @Test func compiledModulesAreFoundAnywhere() throws {
    try expect(["a._orig_mod.b", "c"], become: ["a.b", "c"], removing: ["_orig_mod."])
    try expect(["_orig_mod.module.a", "module._orig_mod.b"], become: ["a", "b"], removing: ["_orig_mod.", "module."])
    try expect(["a._orig_mod_.b", "my_orig_mod.c"], become: ["a._orig_mod_.b", "my_orig_mod.c"])
  }

  @Test func innerModelIsNamedAsOne() throws {
    try expect(["encoder_model.a", "scorer.b"], become: ["model.encoder_model.a", "model.scorer.b"])
    try expect(["module.encoder_model.a"], become: ["model.encoder_model.a"], removing: ["module."])
    try expect(["encoder_model.a", "model.b"], become: ["encoder_model.a", "model.b"])
    try expect(["my.encoder_model.a"], become: ["my.encoder_model.a"])
  }

  @Test func whatSomeNamesBeginWithStays() throws {
    try expect(["module.a", "b"], become: ["module.a", "b"])
    try expect(["modules.a", "module"], become: ["modules.a", "module"])
    try expect(["base_model.a"], become: ["base_model.a"])
  }

  @Test func namesThatBecomeOneAreRefused() throws {
    let folder = try TemporaryFolder()
    let rows = ["a.b", "a._orig_mod.b"].map { SafetensorsErrorTests.tensor($0, "F32", "[0]", "[0,0]") }
    let path = try folder.checkpoint(weights: safetensors("{\(rows.joined(separator: ","))}"))
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(path) }
    guard case .duplicateTensor(_, "a.b", let first, let second) = error else {
      throw TestFailure("\(String(describing: error))")
    }
    #expect(Set([first, second]) == ["a.b", "a._orig_mod.b"])
    expectUserMessage(error, path: "\(path)/model.safetensors")
  }
}
