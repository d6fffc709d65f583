import Checkpoints
import ModelCore
import Testing

/// Every way the pickle of a PyTorch archive can be wrong, each handcrafted, in an archive with nothing wrong.
///
/// Kinds of them are in the files beside this one: opcodes, the stack, what is imported and called, storages and tensors.
@Suite struct BadPickleTests {
  @Test(arguments: truncated + badOpcodes + badLengths)
  func badBytesAreRefused(_ bad: BadFile) throws { try Self.expectRefusal(bad) }

  @Test(arguments: badStacks + badOperands)
  func badStackIsRefused(_ bad: BadFile) throws { try Self.expectRefusal(bad) }

  @Test(arguments: badGlobals)
  func badGlobalIsRefused(_ bad: BadFile) throws {
    try Self.expectRefusal(bad)
    #expect(bad.error("").hint?.contains("state_dict") == true)
  }

  @Test(arguments: badCalls + badStates)
  func badCallIsRefused(_ bad: BadFile) throws { try Self.expectRefusal(bad) }

  @Test(arguments: badStorages + badTensors)
  func badTensorIsRefused(_ bad: BadFile) throws { try Self.expectRefusal(bad) }

  static func expectRefusal(_ bad: BadFile) throws {
    try bad.expectRefusal(as: "bad.pt") { (path) throws(CheckpointError) in try PyTorchFile(path: path) }
  }
}

extension BadFile {
  /// A pickle of protocol 2 that is well until the first of the pieces `failing`.
  init(_ name: String, _ before: [PicklePiece] = [], at failing: [PicklePiece], _ violation: PickleViolation) {
    self.init(name, start: [.proto(2)] + before, at: failing, violation)
  }

  /// The same with another start.
  init(_ name: String, start: [PicklePiece], at failing: [PicklePiece], _ violation: PickleViolation) {
    let position = pickle(start).count
    self.init(name, torchArchive(pickle(start + failing))) { .pickle(path: $0, position: position, violation) }
  }
}
