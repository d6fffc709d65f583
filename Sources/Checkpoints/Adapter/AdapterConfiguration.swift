import ModelCore

/// `adapter_config.json` of PEFT (`peft/tuners/lora/config.py`, `LoraConfig`), as far as it says what merging gives.
struct AdapterConfiguration {
  let path: String
  let usesWeightDecomposition: Bool
  private let rank: Int
  private let alpha: Double
  private let usesRankStabilization: Bool
  private let rankPattern: [(pattern: PythonPattern, key: String, value: Int)]
  private let alphaPattern: [(pattern: PythonPattern, key: String, value: Double)]
  private let targets: AdapterTargets

  init(path: String) throws(CheckpointError) {
    let root = try reading { () throws(ModelCoreError) in
      let root = try JSONDocument(contentsOf: path).root
      try ConfigurationField.check(root, against: ConfigurationField.lora, unknownIsRefused: false)
      try Self.refuseUnknown(root)
      return root
    }
    self.path = path
    (rank, alpha) = try reading { () throws(ModelCoreError) in
      let alpha = try root.member("lora_alpha").map { (value) throws(ModelCoreError) in try value.requireDouble() }
      return (try root.integer("r", in: 1...65_536) ?? 8, alpha ?? 8)
    }
    (usesRankStabilization, usesWeightDecomposition) = try reading { () throws(ModelCoreError) in
      (try root.boolean("use_rslora") ?? false, try root.boolean("use_dora") ?? false)
    }
    let budget = MatchBudget()
    rankPattern = try Self.patterns(root, "rank_pattern", budget, path) { (value) throws(ModelCoreError) in
      try value.requireInt(in: 1...65_536)
    }
    alphaPattern = try Self.patterns(root, "alpha_pattern", budget, path) { (value) throws(ModelCoreError) in
      try value.requireDouble()
    }
    targets = try AdapterTargets(root, budget: budget, path: path)
  }

  /// Whether the configuration says that `module` has an adapter.
  func targets(_ module: String) throws(CheckpointError) -> Bool { try targets.contains(module) }

  /// The rank of the module's adapter (`get_pattern_key` of `peft/tuners/tuners_utils.py`: the first key that matches).
  func rank(_ module: String) throws(CheckpointError) -> Int {
    try Self.first(rankPattern, module, "rank_pattern", path) ?? rank
  }

  /// What B·A is multiplied by: alpha ÷ r, or alpha ÷ √r with rank stabilization (arXiv 2312.03732).
  func scale(_ module: String) throws(CheckpointError) -> Double {
    let rank = Double(try rank(module))
    let alpha = try Self.first(alphaPattern, module, "alpha_pattern", path) ?? alpha
    return usesRankStabilization ? alpha / rank.squareRoot() : alpha / rank
  }

  private static func first<Value>(
    _ patterns: [(pattern: PythonPattern, key: String, value: Value)], _ module: String, _ field: String, _ path: String
  ) throws(CheckpointError) -> Value? {
    for (pattern, key, value) in patterns where try pattern.matches(module, field: "\(field).\(key)", path: path) {
      return value
    }
    return nil
  }

  /// Keys are regular expressions for the end of a module's name, from its start or from a dot on.
  private static func patterns<Value>(
    _ root: JSONValue, _ field: String, _ budget: MatchBudget, _ path: String,
    _ read: (JSONValue) throws(ModelCoreError) -> Value
  ) throws(CheckpointError) -> [(pattern: PythonPattern, key: String, value: Value)] {
    guard let object = root.member(field), !object.isNull else { return [] }
    guard object.isObject else { throw .core(object.unexpected("an object of numbers by pattern")) }
    var patterns: [(pattern: PythonPattern, key: String, value: Value)] = []
    for key in object.keys {
      guard let member = object.member(key) else { continue }
      let value = try reading { () throws(ModelCoreError) in try read(member) }
      let pattern = try PythonPattern.compiled(
        key, after: "(.*\\.)?(", before: ")", budget: budget, field: "\(field).\(key)", path: path)
      patterns.append((pattern, key, value))
    }
    return patterns
  }

  /// A field that a later version of PEFT added is accepted where it is switched off.
  private static func refuseUnknown(_ root: JSONValue) throws(ModelCoreError) {
    let known = Set(ConfigurationField.lora.map(\.name))
    for key in root.keys where !known.contains(key) {
      guard let value = root.member(key), !value.isOff else { continue }
      throw value.unsupported("only fields that this version knows")
    }
  }
}

extension JSONValue {
  /// The member `key`, a list of strings or one string; `nil` where it is absent or `null`.
  func strings(_ key: String) throws(ModelCoreError) -> [String]? {
    guard let value = member(key), !value.isNull else { return nil }
    if let text = value.string { return [text] }
    var strings: [String] = []
    for element in try value.elements() { strings.append(try element.requireString()) }
    return strings
  }

  /// The member `key`, a list of whole numbers or one; empty where it is absent or `null`.
  func integers(_ key: String) throws(ModelCoreError) -> [Int] {
    guard let value = member(key), !value.isNull else { return [] }
    var integers: [Int] = []
    for element in value.count == nil ? [value] : try value.elements() {
      integers.append(try element.requireInt(in: 0...100_000))
    }
    return integers
  }

  /// Whether this is what a feature is set to that is not used.
  fileprivate var isOff: Bool {
    isNull || bool == false || count == 0 || (isObject && keys.isEmpty)
  }
}

extension ConfigurationField {
  /// `LoraConfig` of `peft` 0.21.
  static let lora: [ConfigurationField] =
    [
      ConfigurationField(name: "peft_type", rule: .mustBe(["\"LORA\""], default: "no kind of adapter")),
      // Others change the base's own weights when they begin, so that the file alone does not say what was trained.
      ConfigurationField(
        name: "init_lora_weights",
        rule: .only(["true", "false", "\"gaussian\"", "\"eva\"", "\"orthogonal\"", "\"mica\""])),
      ConfigurationField(name: "bias", rule: .only(["\"none\"", "\"all\"", "\"lora_only\""])),
    ]
    + rows(.only(["false", "null"]), "ensure_weight_tying use_qalora")
    + rows(
      .only(["null"]),
      """
      alora_invocation_tokens arrow_config kasa_config layer_replication megatron_config target_parameters
      trainable_token_indices use_bdlora
      """)
    + rows(
      .read,
      """
      alpha_pattern exclude_modules layers_pattern layers_to_transform lora_alpha modules_to_save r rank_pattern
      target_modules use_dora use_rslora
      """)
    + rows(
      .ignored,
      """
      auto_mapping base_model_name_or_path corda_config eva_config fan_in_fan_out inference_mode loftq_config lora_bias
      lora_dropout lora_ga_config megatron_core monteclora_config peft_version qalora_group_size revision
      runtime_config task_type velora_config
      """)
}
