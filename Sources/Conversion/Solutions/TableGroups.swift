import Quantization

extension QuantizationRecipe {
  /// Gives the embedding table, where it is in int4 and nobody says in which groups, the largest that cost little: one for a whole row unless
  /// some columns are much larger than others.
  ///
  /// What was chosen is an override before all others, so that the recipe says it, and `--keep` decides otherwise.
  package mutating func chooseTableGroups(_ source: ConversionSource) throws(ConversionError) {
    guard embeddingScheme == .q4, let (row, view) = source.mapping.row(of: "embeddings.tokens") else { return }
    let size = try TableSample(CheckpointRows(view)).largestGroup()
    overrides.insert(RecipeOverride(pattern: row.name, scheme: .q4, groupSize: size), at: 0)
  }
}

/// Rows of a table, to try group sizes on.
private struct TableSample {
  /// Row-major.
  private let values: [Float]
  private let columns: Int
  /// [columns]: what a squared error costs, 1 ÷ mean square of the column: LayerNorm makes columns of any size matter.
  private var costs: [Double]

  /// Rows that are looked at, evenly spaced.
  private static let rows = 512
  /// Error with larger groups, over that of groups of 64, that is still little: it is 1.14 for normally distributed rows of 768.
  private static let tolerance = 1.25

  init(_ table: CheckpointRows) throws(ConversionError) {
    columns = table.columns
    costs = Array(repeating: 0, count: columns)
    var values: [Float] = []
    try table.sample(every: max(1, table.rows / Self.rows)) { row in
      // Rows that are not finite are refused when they are converted.
      if row.allSatisfy(\.isFinite) { values += row }
    }
    self.values = values
    for (index, value) in values.enumerated() { costs[index % columns] += Double(value) * Double(value) }
    costs = costs.map { $0 > 0 ? 1 / $0 : 0 }
  }

  func largestGroup() -> GroupSize {
    let allowed = error(.features64) * Self.tolerance
    return [.channel, .features128].first { error($0) <= allowed } ?? .features64
  }

  private func error(_ size: GroupSize) -> Double {
    let int4 = SymmetricInt4(columns: columns, groupSize: size.features ?? columns)
    var codes = [Int8](repeating: 0, count: columns)
    var multipliers = [UInt8](repeating: 1, count: int4.groups)
    var sum = 0.0
    for first in stride(from: 0, to: values.count, by: columns) {
      values[first..<first + columns].withUnsafeBufferPointer { row in
        let scale = int4.quantize(row, codes: &codes, multipliers: &multipliers) ?? 0
        for (column, value) in row.enumerated() {
          let rounded = Float(codes[column]) * Float(multipliers[column / int4.groupSize]) * scale
          sum += Double(value - rounded) * Double(value - rounded) * costs[column]
        }
      }
    }
    return sum
  }
}
