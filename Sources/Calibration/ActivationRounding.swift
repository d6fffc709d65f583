import ReferenceModel

/// Rounds activations as they are where a model runs (formats/numerics.md, 3): each row to 255 steps, after its input scales.
package struct ActivationRounding: Sendable {
  /// The largest code.
  package static let limit: Float = 127

  /// [K]; `nil` without.
  package let inputScales: [Float]?

  /// Rounding behind these input scales.
  package init(inputScales: [Float]?) { self.inputScales = inputScales }

  /// The rows with their rounding errors, without the input scales.
  package func callAsFunction(_ rows: ReferenceMatrix) -> ReferenceMatrix {
    var result = rows
    result.forEachRow { _, row in
      var largest: Float = 0
      for column in row.indices {
        if let inputScales { row[column] *= inputScales[column] }
        largest = max(largest, abs(row[column]))
      }
      // A row that is too small is zero.
      let inverse = largest < 0x1p-120 ? 0 : Self.limit / largest
      let step = largest / Self.limit
      for column in row.indices {
        row[column] = (row[column] * inverse).rounded(.toNearestOrEven) * step
        if let inputScales { row[column] /= inputScales[column] }
      }
    }
    return result
  }
}
