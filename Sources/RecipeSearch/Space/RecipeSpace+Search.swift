import Checkpoints
import Conversion
import ModelCore

/// What a search may choose from.
package struct SearchLimits: Sendable {
  /// Schemes of weights that come into question.
  package var schemes: Set<WeightScheme> = [.q4, .q8, .f16, .bf16, .f32]
  /// Group sizes of q4.
  package var groupSizes: [GroupSize] = GroupSize.allCases

  /// Everything.
  package init() {}
}

extension RecipeSpace {
  /// All there is to choose for a checkpoint, each unit's choices from the smallest to the largest. What `template` decides stays: its
  /// overrides, and embeddings and attention where it names them.
  package static func searching(
    _ source: ConversionSource, template: QuantizationRecipe, limits: SearchLimits = SearchLimits(),
    solutions: @escaping SolutionProvider = { _, _ in [:] }
  ) -> RecipeSpace {
    let all = UnitTensors.all(source)
    var units = all.compactMap { unit($0, source, template, limits) }
    if let attention = attention(all, source, template) { units.append(attention) }
    // What a calibration found for tensors that there is nothing to choose for stays.
    var template = template
    let free = Set(units.flatMap(\.tensors))
    template.solutions = template.solutions.filter { !free.contains($0.key) }
    return RecipeSpace(units, template: template, source: source, solutions: solutions)
  }

  private static func unit(
    _ tensors: UnitTensors, _ source: ConversionSource, _ template: QuantizationRecipe, _ limits: SearchLimits
  ) -> RecipeUnit? {
    var kept: [WeightScheme] = []
    let free = tensors.rows.filter { row in
      guard let override = template.overrides.last(where: { $0.matches(row) }) else { return true }
      kept.append(override.scheme)
      return false
    }
    guard !free.isEmpty else { return nil }
    var choices: [UnitChoice] = []
    let hasInt4 = tensors.kind == .layer || tensors.kind == .embeddings
    if hasInt4, limits.schemes.contains(.q4) {
      choices += groups(free, limits).map { .weights(.q4, $0) }
    }
    if limits.schemes.contains(.q8) { choices.append(.weights(.q8, nil)) }
    choices += largest(free, source, limits).map { .weights($0, nil) }
    if tensors.kind == .embeddings, let asked = template.embeddings {
      choices = choices.filter { if case .weights(asked, _) = $0 { true } else { false } }
    }
    if tensors.mustAgree, let first = kept.first {
      choices = choices.filter { $0.isQuantized == first.isQuantized }
    }
    // What the user has fixed may leave nothing to choose.
    guard !choices.isEmpty else { return nil }
    return RecipeUnit(
      name: tensors.name, tensors: free.map(\.name), patterns: tensors.patterns, choices: choices)
  }

  /// Group sizes from the smallest file to the largest, none that means the same as another.
  private static func groups(_ rows: [TensorRow], _ limits: SearchLimits) -> [GroupSize] {
    let sizes = [GroupSize.channel, .features128, .features64, .features32].filter(limits.groupSizes.contains)
    var seen: Set<[Int]> = []
    return sizes.filter { size in
      // Groups that are no shorter than the row are one.
      seen.insert(
        rows.map { row in
          let stored = TensorForm(row, .q4, size).groupSize
          return stored >= row.shape[row.shape.count - 1] ? 0 : stored
        }
      ).inserted
    }
  }

  /// Sixteen bits that lose nothing of a checkpoint in sixteen bits.
  private static func largest(
    _ rows: [TensorRow], _ source: ConversionSource, _ limits: SearchLimits
  ) -> [WeightScheme] {
    let names = Set(rows.map(\.name))
    let views = source.mapping.rows.filter { names.contains($0.row.name) }.map(\.view)
    let isBrainFloat = views.allSatisfy { $0.dtypeName == "BF16" }
    let half: WeightScheme = isBrainFloat ? .bf16 : .f16
    return [limits.schemes.contains(half) ? half : .f32].filter(limits.schemes.contains)
  }

  /// Narrow models keep attention in f32, as without a search; a user may decide otherwise.
  private static func attention(
    _ all: [UnitTensors], _ source: ConversionSource, _ template: QuantizationRecipe
  ) -> RecipeUnit? {
    let encoder = source.checkpoint.configuration.encoder
    guard template.attention == nil, encoder.hiddenSize >= ResolvedRecipe.leastInt8AttentionSize, encoder.layerCount > 0
    else { return nil }
    let isKeptWide = all.contains { unit in
      unit.kind == .relative
        && unit.rows.contains { row in
          template.overrides.last { $0.matches(row) }.map { !$0.scheme.isQuantized } ?? false
        }
    }
    guard !isKeptWide else { return nil }
    return RecipeUnit(
      name: RecipeUnit.attentionName, tensors: [], patterns: [], choices: [.attention(.int8), .attention(.f32)])
  }
}
