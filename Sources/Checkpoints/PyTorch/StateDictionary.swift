import ModelCore

/// The state dict in a pickle: names and tensors, found under the keys that training scripts put around one.
package struct StateDictionary {
  /// In the order of the pickle; names are unique.
  private(set) var tensors: [(name: String, tensor: PickleTensor)] = []
  /// The keys that lead to it, outermost first.
  private(set) var unwrappedKeys: [String] = []
  /// Keys that hold no tensor, beside it or in it.
  private(set) var otherKeys: [String] = []

  /// What a state dict is kept under. Where a dictionary has several of them it is not clear which is meant.
  static let wrapperKeys = ["model", "state_dict", "model_state_dict", "module"]

  /// - Throws: ``CheckpointError/pickle(path:position:_:)``, ``CheckpointError/noStateDict(path:found:)``,
  ///   ``CheckpointError/ambiguousStateDict(path:keys:)``.
  package init(pickle: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
    var machine = PickleMachine(pickle)
    var value = try machine.run(path: path)
    while true {
      guard case .dictionary(let index) = value else { throw .noStateDict(path: path, found: value.kind) }
      let members = try Self.members(machine.dictionaries[Int(index)], machine, path)
      let wrappers = members.filter { member in
        guard case .dictionary = member.value else { return false }
        return Self.wrapperKeys.contains(member.name)
      }
      // A dictionary may be inside itself.
      guard let wrapper = wrappers.first, unwrappedKeys.count < 8 else {
        try finish(members, machine.tensors, path)
        return
      }
      guard wrappers.count == 1 else { throw .ambiguousStateDict(path: path, keys: wrappers.map(\.name)) }
      unwrappedKeys.append(wrapper.name)
      otherKeys += members.map(\.name).filter { $0 != wrapper.name }
      value = wrapper.value
    }
  }

  private mutating func finish(
    _ members: [(name: String, value: PickleValue)], _ pickled: [PickleTensor], _ path: String
  ) throws(CheckpointError) {
    for (name, value) in members {
      guard case .tensor(let index) = value else {
        otherKeys.append(name)
        continue
      }
      tensors.append((name, pickled[Int(index)]))
    }
    guard !tensors.isEmpty else { throw .noStateDict(path: path, found: "a dictionary without tensors") }
  }

  /// The members with string keys. Others (the numbers of an optimizer's state) name no tensor of a model. `torch.save` writes
  /// each key once; where one is there again, readers differ on which counts, and it may be a long one a million times over.
  private static func members(
    _ pairs: [(key: PickleValue, value: PickleValue)], _ machine: PickleMachine, _ path: String
  ) throws(CheckpointError) -> [(name: String, value: PickleValue)] {
    var members: [(name: String, value: PickleValue)] = []
    var names: Set<ExactBytes> = []
    for (key, value) in pairs {
      guard case .string = key else { continue }
      do throws(PickleViolation) {
        let name = try machine.text(key, "key")
        guard names.insert(ExactBytes(name)).inserted else {
          throw .operand("dictionary", expected: "each key once", found: "\"\(name.prefix(60))\" again")
        }
        members.append((name, value))
      } catch {
        throw .pickle(path: path, position: machine.position, error)
      }
    }
    return members
  }
}
