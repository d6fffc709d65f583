import ModelCore

/// Which modules have an adapter (`check_target_module_exists` of `peft/tuners/tuners_utils.py`).
struct AdapterTargets {
  private enum Names {
    case suffixes([String])
    case pattern(PythonPattern)
    /// Nothing is said: what the file holds is meant.
    case any
  }

  private let path: String
  private let included: Names
  private let excluded: Names?
  /// What finds the modules that are saved whole, and what is in them.
  private let saved: [PythonPattern]
  /// Numbers of layers, and the patterns that find a layer's number in a module's name.
  private let layers: (indices: Set<Int>, patterns: [PythonPattern])?

  init(_ root: JSONValue, budget: MatchBudget, path: String) throws(CheckpointError) {
    self.path = path
    included = try Self.names(root, "target_modules", budget, path) ?? .any
    excluded = try Self.names(root, "exclude_modules", budget, path)
    let (indices, patterns, modules) = try reading { () throws(ModelCoreError) in
      let pattern = root.member("layers_pattern")?.string == "" ? [] : try root.strings("layers_pattern") ?? []
      return (try root.integers("layers_to_transform"), pattern, try root.strings("modules_to_save") ?? [])
    }
    saved = try modules.map { (module) throws(CheckpointError) in
      try PythonPattern.compiled(
        module, after: "(^|.*\\.)", before: "($|\\..*)", .prefix, budget: budget, field: "modules_to_save", path: path)
    }
    guard !indices.isEmpty else {
      layers = nil
      return
    }
    var finders: [PythonPattern] = []
    for pattern in patterns.isEmpty ? ["[^.]*"] : patterns {
      let start = patterns.isEmpty ? ".*?\\." : "(?:^|.*?\\.)"
      finders.append(
        try PythonPattern.compiled(
          pattern, after: start, before: "\\.(?P<idx>\\d+)\\.", .prefix, budget: budget, field: "layers_pattern",
          path: path))
    }
    layers = (Set(indices), finders)
  }

  func contains(_ module: String) throws(CheckpointError) -> Bool {
    if let excluded, try Self.matches(excluded, module, "exclude_modules", path) { return false }
    for pattern in saved where try pattern.matches(module, field: "modules_to_save", path: path) { return false }
    guard try Self.matches(included, module, "target_modules", path) else { return false }
    // Only names that match by their ends are filtered.
    guard let layers, case .suffixes(let names) = included, !names.contains(module) else { return true }
    for pattern in layers.patterns {
      guard let number = try pattern.group("idx", of: module, field: "layers_pattern", path: path) else { continue }
      return Int(number).map(layers.indices.contains) ?? false
    }
    return false
  }

  private static func names(
    _ root: JSONValue, _ field: String, _ budget: MatchBudget, _ path: String
  ) throws(CheckpointError) -> Names? {
    guard let value = root.member(field), !value.isNull else { return nil }
    if let text = value.string {
      return .pattern(try PythonPattern.compiled(text, budget: budget, field: field, path: path))
    }
    return .suffixes(try reading { () throws(ModelCoreError) in try root.strings(field) ?? [] })
  }

  private static func matches(
    _ names: Names, _ module: String, _ field: String, _ path: String
  ) throws(CheckpointError) -> Bool {
    switch names {
    case .any: return true
    case .suffixes(let names): return names.contains { module == $0 || module.hasSuffix(".\($0)") }
    case .pattern(let pattern): return try pattern.matches(module, field: field, path: path)
    }
  }
}
