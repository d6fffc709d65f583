/// Some rows of a tensor and of what they should be, side by side.
struct RowBlock {
  /// Energies of a row, or of some of its features.
  struct Figures {
    var signal = 0.0
    var error = 0.0
    /// Whether the model's row is zero.
    var isZero = true
    var isFinite = true

    init(_ model: [Float], _ expected: [Float], _ features: Range<Int>) {
      for index in features {
        let (m, r) = (Double(model[index]), Double(expected[index]))
        signal += r * r
        error += (m - r) * (m - r)
        if m != 0 { isZero = false }
      }
      isFinite = signal.isFinite && error.isFinite
    }
  }

  private(set) var rows = 0..<0
  private var modelRows: [[Float]]
  private var expectedRows: [[Float]]
  private var allFigures: [Figures] = []
  private var costs: [RowCost] = []

  init(columns: Int) {
    modelRows = Array(repeating: Array(repeating: 0, count: columns), count: TensorAudit.blockRows)
    expectedRows = modelRows
  }

  /// Reads at most ``TensorAudit/blockRows`` rows of both sides.
  mutating func read(
    _ rows: Range<Int>, _ stored: StoredTensor, _ expected: ExpectedTensor
  ) throws(VerificationError) {
    self.rows = rows
    for (index, row) in rows.enumerated() {
      stored.read(row, into: &modelRows[index])
      if expected.lacks(row) {
        expectedRows[index] = modelRows[index]
      } else {
        try expected.read(row, into: &expectedRows[index])
      }
    }
    allFigures = rows.map { Figures(model($0), self.expected($0), 0..<stored.columns) }
    costs = rows.map { RowCost(stored, $0, expected, $0, original: self.expected($0)) }
  }

  func model(_ row: Int) -> [Float] { modelRows[row - rows.lowerBound] }
  func expected(_ row: Int) -> [Float] { expectedRows[row - rows.lowerBound] }
  func figures(_ row: Int) -> Figures { allFigures[row - rows.lowerBound] }
  func cost(_ row: Int) -> RowCost { costs[row - rows.lowerBound] }
}
