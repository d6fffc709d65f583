import ModelCore

/// Removes what wrappers of a module put into the names of its tensors:
///
/// - `_orig_mod.` (`torch.compile`), wherever it stands: no module of a model is called so;
/// - `module.` (`DataParallel`, FSDP) and `base_model.model.` (PEFT), where every name begins with it.
///
/// And adds `model.` where the inner model alone was saved, as `transformers` does when it loads one.
struct TensorNames {
  /// What was removed, in the order of removal.
  private(set) var removed: [String] = []
  /// Whether `model.` was added.
  private(set) var addsModel = false
  /// The names that are left, in the order of those given.
  private(set) var names: [String]

  /// More than any wrapper is put around another; each costs a pass over all names.
  private static let mostRemoved = 8
  private static let compiled = "_orig_mod."
  private static let wrappers = ["module.", "base_model.model."]

  init(_ names: [String]) {
    self.names = names
    while removed.count < Self.mostRemoved, removeCompiled() || removeWrapper() {}
    guard self.names.contains(where: { $0.hasPrefix("encoder_model.") }),
      !self.names.contains(where: { $0.hasPrefix("model.") })
    else { return }
    addsModel = true
    self.names = self.names.map { "model.\($0)" }
  }

  private mutating func removeCompiled() -> Bool {
    var isFound = false
    names = names.map { name in
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      let kept = parts.filter { $0 != Self.compiled.dropLast() }
      guard kept.count < parts.count else { return name }
      isFound = true
      return kept.joined(separator: ".")
    }
    if isFound { removed.append(Self.compiled) }
    return isFound
  }

  private mutating func removeWrapper() -> Bool {
    guard !names.isEmpty,
      let wrapper = Self.wrappers.first(where: { prefix in names.allSatisfy { $0.hasPrefix(prefix) } })
    else { return false }
    names = names.map { String($0.dropFirst(wrapper.count)) }
    removed.append(wrapper)
    return true
  }
}
