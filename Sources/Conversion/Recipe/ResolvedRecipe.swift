import GLCFormat
import ModelCore

/// A recipe held against the tensors of a checkpoint: how each of them is stored.
package struct ResolvedRecipe {
  let recipe: QuantizationRecipe
  /// How attention's products are to be computed.
  package let attention: AttentionPrecision
  /// Whether the products of the projectors are of integers.
  let quantizesHead: Bool
  private let forms: [String: TensorForm]

  /// - Throws: ``ConversionError/recipe(field:expected:found:)`` for a pattern that names nothing, and for tensors that are stored differently although
  ///   they multiply the same rows.
  package init(_ recipe: QuantizationRecipe, _ source: ConversionSource) throws(ConversionError) {
    self.recipe = recipe
    guard !recipe.hasSmallerVocabulary || source.vocabulary != nil else {
      throw .recipe(
        field: "vocabulary",
        expected: "--keep-vocab (of that file itself, where it is there) or --keep-scripts, as its file had",
        found: "neither")
    }
    let (table, encoder) = (source.mapping.table, source.checkpoint.configuration.encoder)
    var forms: [String: TensorForm] = [:]
    for row in table.rows { forms[row.name] = Self.form(of: row, recipe) }
    for override in recipe.overrides {
      let named = table.rows.filter { $0.role.isWeight && override.matches($0) }
      guard !named.isEmpty else {
        throw .recipe(field: "keep \(override.pattern)", expected: "the name of a tensor of weights", found: "none")
      }
      for row in named {
        forms[row.name] = TensorForm(row, override.scheme, override.groupSize ?? recipe.groupSize)
      }
    }
    self.forms = forms
    func isQuantized(_ name: String) -> Bool? { forms[name]?.encoding.isQuantized }
    for layer in 0..<encoder.layerCount {
      try Self.checkAgreement(
        ["query", "key", "value"].map { "layers.\(layer).attention.\($0).weight" }, forms, because: "share their inputs"
      )
    }
    let projectors = ["text", "classes"].flatMap { part in ["first", "second"].map { "head.\(part).\($0).weight" } }
    try Self.checkAgreement(projectors, forms, because: "share the precision of their activations")
    quantizesHead = projectors.contains { isQuantized($0) == true }
    attention = try Self.attention(recipe, table, forms, encoder)
  }

  /// How the tensor `name` of the `.glc` is stored.
  package func form(of name: String) -> TensorForm {
    guard let form = forms[name] else { preconditionFailure("\(name) is not in the table") }
    return form
  }

  private static func form(of row: TensorRow, _ recipe: QuantizationRecipe) -> TensorForm {
    let scheme: WeightScheme
    switch row.role {
    case .embeddingTable: scheme = recipe.embeddingScheme
    case .linear, .convolution:
      scheme = recipe.weights == .q4 && !row.name.hasPrefix("layers.") ? .q8 : recipe.weights
    case .vector, .firstRow, .smallLinear, .projectedRelative: scheme = recipe.weights
    }
    return TensorForm(row, scheme, recipe.groupSize)
  }

  private static func checkAgreement(
    _ names: [String], _ forms: [String: TensorForm], because reason: String
  ) throws(ConversionError) {
    let quantized = names.filter { forms[$0]?.encoding.isQuantized == true }
    guard quantized.isEmpty || quantized.count == names.count else {
      let others = names.filter { !quantized.contains($0) }
      throw .recipe(
        field: names[0].split(separator: ".").dropLast(2).joined(separator: "."),
        expected: "all of \(names.joined(separator: ", ")) in q8 or q4, or none: they \(reason)",
        found: "\(quantized.joined(separator: ", ")) but not \(others.joined(separator: ", "))")
    }
  }

  /// Where nobody says, products of attention are of int8 where the weights are quantized, and rows are so wide that the rounding of their heads averages out.
  /// All published models are.
  private static func attention(
    _ recipe: QuantizationRecipe, _ table: TensorTable, _ forms: [String: TensorForm], _ encoder: EncoderConfiguration
  ) throws(ConversionError) -> AttentionPrecision {
    let other = table.rows.first { row in
      if case .projectedRelative = row.role { forms[row.name]?.encoding != .int8 } else { false }
    }
    guard let asked = recipe.attention else {
      let isWide = encoder.hiddenSize >= leastInt8AttentionSize
      return recipe.weights.isQuantized && other == nil && isWide ? .int8 : .f32
    }
    if asked == .int8, let other {
      throw .recipe(
        field: "attention int8", expected: "relative embeddings in q8",
        found: "\(other.name) in \(forms[other.name]?.encoding ?? .f32)")
    }
    if asked == .int8, !recipe.weights.isQuantized {
      throw .recipe(field: "attention int8", expected: "weights in q8 or q4", found: recipe.weights.rawValue)
    }
    return asked
  }

  /// Features of a hidden state from which on attention is of int8 where nobody says.
  package static let leastInt8AttentionSize = 256
}

extension TensorRole {
  /// Whether a recipe has a say in how it is stored.
  package var isWeight: Bool {
    switch self {
    case .vector, .firstRow, .smallLinear: false
    case .embeddingTable, .linear, .convolution, .projectedRelative: true
    }
  }
}
