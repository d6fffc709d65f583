import ModelCore

extension ReferenceMatrix {
  /// Its rows as one, feature by feature, or as they are (`poolings.py`, without a mask, as `model.py` calls it).
  func pooled(by pooling: Pooling) -> ReferenceMatrix {
    switch pooling {
    case .pass: self
    case .first: selecting(rows: [0])
    case .last: selecting(rows: [rows - 1])
    case .max: reduced { $0.max() ?? 0 }
    case .sum: reduced { $0.reduce(0, +) }
    case .average: reduced { $0.reduce(0, +) / Double($0.count) }
    case .rms: reduced { ($0.reduce(0) { $0 + $1 * $1 } / Double($0.count)).squareRoot() }
    case .absoluteMax: reduced { $0.reduce(0) { max($0, abs($1)) } }
    case .absoluteAverage: reduced { $0.reduce(0) { $0 + abs($1) } / Double($0.count) }
    }
  }

  /// One row of what `body` makes of each column, in double precision.
  private func reduced(_ body: ([Double]) -> Double) -> ReferenceMatrix {
    let result = (0..<columns).map { column in
      Float(body((0..<rows).map { Double(values[$0 * columns + column]) }))
    }
    return ReferenceMatrix(rows: 1, columns: columns, values: result)
  }
}
