import Checkpoints
import ModelCore
import Testing

/// Asking a checkpoint for the tensors that a model needs.
@Suite struct RequirementTests {
  static let bias = "model.text_projector.linear_1.bias"

  @Test func allMissingTensorsAreNamedAtOnce() throws {
    let checkpoint = try Checkpoint.open(Fixtures.randomTiny)
    let asked = [
      TensorRequirement("no.such", shape: [1]), TensorRequirement(Self.bias, shape: [1]),
      TensorRequirement("nor.this", shape: [2]),
    ]
    let error = checkpointError { () throws(CheckpointError) in try checkpoint.require(asked) }
    #expect(error == .missingTensors(path: checkpoint.weights.path, names: ["no.such", "nor.this"]))
    #expect(error?.message.contains("missing 2 tensors: no.such, nor.this") == true)
    let one = checkpointError { () throws(CheckpointError) in try checkpoint.require("no.such", shape: []) }
    #expect(one?.message.contains("missing tensor: no.such") == true)
    #expect(one?.exitStatus == .badData)
  }

  @Test func wrongShapeSaysBoth() throws {
    let checkpoint = try Checkpoint.open(Fixtures.randomTiny)
    let size = try #require(checkpoint.tensor(Self.bias)).elementCount
    #expect(try checkpoint.require(Self.bias, shape: [size]).name == Self.bias)
    let error = checkpointError { () throws(CheckpointError) in try checkpoint.require(Self.bias, shape: [size, 1]) }
    #expect(
      error
        == .wrongShape(path: checkpoint.weights.path, tensor: Self.bias, expected: [size, 1], found: [size]))
    #expect(error?.message.contains("expected shape [\(size), 1], found [\(size)]") == true)
  }

  @Test func otherTypesMatterOnlyWhenNeeded() throws {
    let folder = try TemporaryFolder()
    let header = SafetensorsErrorTests.tensor("n", "I64", "[1]", "[0,8]")
    let path = try folder.checkpoint(weights: safetensors("{\(header)}", data: Array(repeating: 1, count: 8)))
    let checkpoint = try Checkpoint.open(path)
    let tensor = try #require(checkpoint.tensor("n"))
    let expected = CheckpointError.unsupportedElementType(path: checkpoint.weights.path, tensor: "n", found: "I64")
    #expect(checkpointError { () throws(CheckpointError) in try checkpoint.require("n", shape: [1]) } == expected)
    #expect(checkpointError { () throws(CheckpointError) in try tensor.floats() } == expected)
    #expect(expected.message.contains("unsupported dtype I64 for weights; supported: F64, F32, F16"))
    tensor.discard(elements: 0..<1)
  }

  @Test func unusedTensorsAreListed() throws {
    let checkpoint = try Checkpoint.open(Fixtures.randomTiny)
    let names = checkpoint.tensors.map(\.name)
    #expect(checkpoint.unusedTensorNames(asked: names.filter { $0 != Self.bias }) == [Self.bias])
    #expect(checkpoint.unusedTensorNames(asked: []) == names.sorted())
  }
}
