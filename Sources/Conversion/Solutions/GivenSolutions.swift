import GLCFormat
import Quantization

/// What a recipe says of single layers, held against the tensors that it says it of: it may be of another checkpoint, or somebody's own.
struct GivenSolutions {
  private let recipe: ResolvedRecipe
  private let groups: [LinearGroup]
  /// Linear layers that stand alone, wherever they are.
  private let others: [TensorRow]

  init(_ recipe: ResolvedRecipe, _ source: ConversionSource) {
    self.recipe = recipe
    let table = source.mapping.table
    let groups = LinearGroup.all(table, source.checkpoint.configuration.encoder)
    let grouped = Set(groups.flatMap { $0.members.map(\.name) })
    self.groups = groups
    others = table.rows.filter { row in
      (row.role == .linear || row.role == .convolution) && row.shape.count == 2 && !grouped.contains(row.name)
    }
  }

  /// By name in the `.glc`.
  /// - Throws: ``ConversionError/recipe(field:expected:found:)``, naming the tensor and member.
  func checked() throws(ConversionError) -> [String: LinearSolution] {
    let solutions = recipe.recipe.solutions
    guard !solutions.isEmpty else { return [:] }
    let known = Set((groups.flatMap(\.members) + others).map(\.name))
    for name in solutions.keys.sorted() where !known.contains(name) {
      // A calibration says how rows of the table go together; no file does.
      if name == Self.table, let solution = solutions[name], solution.isCompensationAlone { continue }
      throw .recipe(
        field: "tensors.\(name)", expected: "the weights of a linear layer, as layers.0.attention.query.weight",
        found: "no such tensor")
    }
    for group in groups { try check(group, solutions) }
    for row in others {
      if let solution = solutions[row.name] { try check(solution, row) }
    }
    return solutions
  }

  private static let table = "embeddings.tokens"

  private func check(_ group: LinearGroup, _ solutions: [String: LinearSolution]) throws(ConversionError) {
    let given = group.members.filter { solutions[$0.name] != nil }
    guard let first = given.first else { return }
    guard given.count == group.members.count else {
      throw .recipe(
        field: "tensors.\(first.name)",
        expected: "\(group.members.map(\.name).joined(separator: ", ")) all or none: they multiply the same rows",
        found: given.map(\.name).joined(separator: ", ") + " alone")
    }
    for member in group.members {
      guard let solution = solutions[member.name] else { continue }
      try check(solution, member)
      guard solution.inputScales == solutions[first.name]?.inputScales else {
        throw .recipe(
          field: "tensors.\(member.name).input_scales",
          expected: "those of \(first.name), which multiplies the same rows",
          found: "others")
      }
    }
  }

  private func check(_ solution: LinearSolution, _ row: TensorRow) throws(ConversionError) {
    let form = recipe.form(of: row.name)
    let (rows, columns) = (row.shape[0], row.shape[1])
    guard form.encoding.isQuantized else {
      throw .recipe(field: "tensors.\(row.name)", expected: "a tensor in q8 or q4", found: "one in \(form.encoding)")
    }
    func count(_ name: String, _ values: Int?, _ expected: Int) throws(ConversionError) {
      guard let values, values != expected else { return }
      throw .recipe(field: "tensors.\(row.name).\(name)", expected: "\(expected) numbers", found: "\(values)")
    }
    try count("input_scales", solution.inputScales?.count, columns)
    try count("bias", solution.bias?.count, rows)
    guard let grid = solution.grid else { return }
    try count("scales", grid.scales.count, rows)
    let groups = form.encoding == .int4 ? (columns + form.groupSize - 1) / form.groupSize : 0
    try count("multipliers", grid.multipliers.count, rows * groups)
  }
}

extension LinearSolution {
  fileprivate var isCompensationAlone: Bool {
    inputScales == nil && errorWeights == nil && grid == nil && matrix == nil && bias == nil
  }
}
