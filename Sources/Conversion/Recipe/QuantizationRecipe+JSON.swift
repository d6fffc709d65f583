import ModelCore
import Quantization

// The recipe as the metadata of a `.glc` keeps it, and as `--recipe` reads it (formats/glc.md, "A recipe").

extension QuantizationRecipe {
  static let schema = 1

  /// The object in the metadata.
  /// - Parameters:
  ///   - attention: what was decided.
  ///   - vocabulary: what a pruning left, or null.
  package func json(attention: AttentionPrecision, vocabulary: JSON) -> JSON {
    .object([
      ("schema", .int(Self.schema)),
      ("weights", .string(weights.rawValue)),
      ("group_size", groupSize.json),
      ("embeddings", .string(embeddingScheme.rawValue)),
      ("attention", .string(attention.rawValue)),
      ("keep", .array(overrides.map(\.json))),
      ("steps", takenSteps.json),
      ("calibration", calibration?.json(takenSteps) ?? .null),
      ("vocabulary", vocabulary),
    ])
  }

  /// Those that were taken: some need data, and biases are left alone where codes make up for each other's errors already.
  private var takenSteps: QuantizationSteps {
    var taken = steps
    if calibration == nil { taken.gptq = false }
    if calibration == nil || taken.gptq { taken.biasCorrection = false }
    return taken
  }

  /// Reads a recipe: the object of the metadata, to which `tensors` may have been added (`gliclass inspect --recipe`).
  /// - Throws: ``ConversionError/core(_:)``, naming the member.
  public init(contentsOf path: String) throws(ConversionError) {
    self = try lifting(ConversionError.core) { () throws(ModelCoreError) in
      try Self(JSONDocument(contentsOf: path).root)
    }
  }

  /// Reads the object of a recipe.
  init(_ object: JSONValue) throws(ModelCoreError) {
    let known = [
      "schema", "weights", "group_size", "embeddings", "attention", "keep", "steps", "calibration", "vocabulary",
      "tensors",
    ]
    try ConfigurationField.check(object, against: known.map { ConfigurationField(name: $0, rule: .read) })
    let schema = try object.required("schema")
    guard schema.int == Self.schema else { throw schema.unsupported("\(Self.schema)") }
    self.init(
      weights: try object.scheme("weights") ?? .q8, groupSize: try object.groupSize("group_size") ?? .features64,
      embeddings: try object.scheme("embeddings"))
    if let member = object.present("attention") {
      guard let value = member.string.flatMap(AttentionPrecision.init) else {
        throw member.unsupported(AttentionPrecision.allCases.map(\.rawValue).joined(separator: ", "))
      }
      attention = value
    }
    if let keep = object.present("keep") {
      for element in try keep.elements() { overrides.append(try RecipeOverride(element)) }
    }
    if let member = object.present("steps") { steps = try QuantizationSteps(member) }
    if let member = object.present("calibration") { calibration = try CalibrationRecord(member) }
    if let member = object.present("vocabulary") {
      guard member.isObject else { throw member.unexpected("an object") }
      hasSmallerVocabulary = true
    }
    if calibration != nil, object.present("tensors") == nil {
      throw try object.required("calibration").unexpected(
        "null, or tensors beside it: what was found, as gliclass inspect --recipe prints it")
    }
    if let tensors = object.present("tensors") {
      guard tensors.isObject else { throw tensors.unexpected("an object") }
      for name in tensors.keys {
        guard let tensor = tensors.member(name) else { continue }
        solutions[name] = try LinearSolution(tensor)
      }
    }
  }
}

extension GroupSize {
  var json: JSON { features.map(JSON.int) ?? .string(name) }
}

extension RecipeOverride {
  var json: JSON {
    .object([
      ("tensors", .string(pattern)), ("scheme", .string(scheme.rawValue)), ("group_size", groupSize?.json ?? .null),
    ])
  }

  init(_ object: JSONValue) throws(ModelCoreError) {
    let names = ["tensors", "scheme", "group_size"].map { ConfigurationField(name: $0, rule: .read) }
    try ConfigurationField.check(object, against: names)
    let pattern = try object.required("tensors").requireString()
    guard let scheme = try object.scheme("scheme") else { throw try object.required("scheme").unexpected("a scheme") }
    self.init(pattern: pattern, scheme: scheme, groupSize: try object.groupSize("group_size"))
  }
}

extension QuantizationSteps {
  private static let names: [(name: String, path: WritableKeyPath<QuantizationSteps, Bool> & Sendable)] = [
    ("error_weights", \.errorWeights), ("input_scales", \.inputScales), ("gptq", \.gptq),
    ("bias_correction", \.biasCorrection),
  ]

  var json: JSON { .object(Self.names.map { ($0.name, .bool(self[keyPath: $0.path])) }) }

  init(_ object: JSONValue) throws(ModelCoreError) {
    self.init()
    try ConfigurationField.check(object, against: Self.names.map { ConfigurationField(name: $0.name, rule: .read) })
    for (name, path) in Self.names {
      if let member = object.present(name) { self[keyPath: path] = try member.requireBool() }
    }
  }
}

extension CalibrationRecord {
  func json(_ steps: QuantizationSteps) -> JSON {
    .object([
      ("data", .string(data)), ("sha256", .string(sha256)), ("texts", .int(texts)), ("tokens", .int(tokens)),
      ("bias_correction", .bool(steps.biasCorrection)),
    ])
  }

  init(_ object: JSONValue) throws(ModelCoreError) {
    self.init(
      data: try object.required("data").requireString(), sha256: try object.required("sha256").requireString(),
      texts: try object.required("texts").requireInt(in: 0...Int.max),
      tokens: try object.required("tokens").requireInt(in: 0...Int.max))
  }
}

extension LinearSolution {
  /// What calibration found for one tensor: `input_scales`, `scales` with `multipliers`, `bias`.
  init(_ object: JSONValue) throws(ModelCoreError) {
    self.init()
    let names = ["input_scales", "scales", "multipliers", "bias"].map { ConfigurationField(name: $0, rule: .read) }
    try ConfigurationField.check(object, against: names)
    // As far as weights and activations of models with any sense stay finite when they are divided and multiplied.
    inputScales = try object.floats("input_scales") { (0x1p-64...0x1p64).contains($0) }
    bias = try object.floats("bias") { _ in true }
    guard let scales = try object.floats("scales", where: { $0 == 0 || $0.isNormal && $0 > 0 && ($0 * 127).isFinite })
    else { return }
    let multipliers = try object.floats("multipliers") { $0 >= 1 && $0 <= 15 && $0.rounded() == $0 } ?? []
    grid = QuantizationGrid(scales: scales, multipliers: multipliers.map { UInt8($0) })
  }
}

extension JSONValue {
  /// The member `name`, where there is one that is not null.
  fileprivate func present(_ name: String) -> JSONValue? { member(name).flatMap { $0.isNull ? nil : $0 } }

  fileprivate func scheme(_ name: String) throws(ModelCoreError) -> WeightScheme? {
    guard let member = present(name) else { return nil }
    guard let scheme = member.string.flatMap(WeightScheme.init) else {
      throw member.unsupported(WeightScheme.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return scheme
  }

  fileprivate func groupSize(_ name: String) throws(ModelCoreError) -> GroupSize? {
    guard let member = present(name) else { return nil }
    guard let size = (member.string ?? member.int.map(String.init)).flatMap(GroupSize.init(name:)) else {
      throw member.unsupported(GroupSize.allCases.map(\.name).joined(separator: ", "))
    }
    return size
  }

  fileprivate func floats(
    _ name: String, where isRight: (Float) -> Bool
  ) throws(ModelCoreError) -> [Float]? {
    guard let member = present(name) else { return nil }
    let elements = try member.elements()
    var values: [Float] = []
    values.reserveCapacity(elements.count)
    for element in elements {
      guard let text = element.numberText, let value = Float(text), value.isFinite, isRight(value) else {
        throw element.unexpected("a number in range")
      }
      values.append(value)
    }
    return values
  }
}
