import GLCFormat

/// One tensor beside what it should hold: how far it is from it, and which of its rows are farther than their encoding explains.
/// Reads 16 rows at a time.
struct TensorAudit {
  /// A row that is not what it should be, for no reason that shows in the row itself.
  struct Suspect {
    var row: Int
    var sqnr: Double
    var values: [Float]
  }

  /// Rows that are zero, or some features of them, where the original is not.
  struct ZeroRegion: Equatable {
    var rows: ClosedRange<Int>
    /// `nil` for all.
    var features: ClosedRange<Int>?
  }

  let stored: StoredTensor
  let expected: ExpectedTensor
  private(set) var signal = 0.0
  private(set) var error = 0.0
  /// The row with the lowest ratio of signal to error, and what it is.
  private(set) var worst = (row: 0, sqnr: Double.infinity)
  private(set) var zeros: [ZeroRegion] = []
  /// Rows with values or a scale that are not finite, and the first such value.
  private(set) var unfinite: (rows: [Int], column: Int, value: Float)?
  /// Rows that are a multiple of the original, and of what.
  private(set) var factors: [(row: Int, factor: Double)] = []
  /// The first other rows that are not what they should be, and how many there are.
  private(set) var suspects: [Suspect] = []
  private(set) var suspectCount = 0

  /// Suspects whose values are kept.
  static let keptSuspects = 64
  static let blockRows = 16
  static let tileColumns = 64

  init(_ stored: StoredTensor, _ expected: ExpectedTensor) {
    self.stored = stored
    self.expected = expected
  }

  var columns: Int { stored.columns }
  /// In dB, of the whole tensor.
  var sqnr: Double { ErrorEnergy.decibels(signal: signal, error: error) }

  /// Reads everything once.
  mutating func run() throws(VerificationError) {
    var block = RowBlock(columns: columns)
    var discarded = 0
    for matrix in 0..<stored.matrices {
      let end = (matrix + 1) * stored.rowsPerMatrix
      for start in stride(from: matrix * stored.rowsPerMatrix, to: end, by: Self.blockRows) {
        let rows = start..<min(start + Self.blockRows, end)
        try block.read(rows, stored, expected)
        judge(block)
        if (rows.upperBound - discarded) * columns > 1 << 22 {
          expected.discard(rows: discarded..<rows.upperBound, columns: columns)
          discarded = rows.upperBound
        }
      }
    }
    expected.discard(rows: discarded..<stored.rows, columns: columns)
  }

  private mutating func judge(_ block: RowBlock) {
    let zeroRows = block.rows.filter { isFalselyZero($0, block) }
    let zeroTiles = zeroRows.count == block.rows.count ? [] : falselyZeroTiles(block)
    for row in zeroRows { add(ZeroRegion(rows: row...row)) }
    let blockRows = block.rows.lowerBound...block.rows.upperBound - 1
    for features in zeroTiles { add(ZeroRegion(rows: blockRows, features: features)) }
    for row in block.rows {
      let figures = block.figures(row)
      guard figures.isFinite else {
        note(unfinite: row, block)
        continue
      }
      signal += figures.signal
      error += figures.error
      let own = ErrorEnergy.decibels(signal: figures.signal, error: figures.error)
      if own < worst.sqnr { worst = (row, own) }
      guard !zeroRows.contains(row) else { continue }
      let judgement = RowJudgement(row, block, leavingOut: zeroTiles, stored, expected)
      if judgement.isExplained { continue }
      if let factor = judgement.factor {
        factors.append((row, factor))
      } else {
        suspectCount += 1
        if suspects.count < Self.keptSuspects {
          suspects.append(Suspect(row: row, sqnr: own, values: Array(block.model(row))))
        }
      }
    }
  }

  private mutating func note(unfinite row: Int, _ block: RowBlock) {
    let values = block.model(row)
    error = .nan
    worst = (worst.sqnr.isNaN ? worst.row : row, .nan)
    // The original's own fault is not the file's.
    guard let column = values.firstIndex(where: { !$0.isFinite }) else { return }
    let scale = stored.scale(row) ?? 1
    if unfinite == nil { unfinite = ([], column, scale.isFinite ? values[column] : scale) }
    unfinite?.rows.append(row)
  }

  /// What is smaller than this may have become zero. (Scales below the normal numbers are written as zero.)
  private func threshold(_ row: Int, _ peak: Double) -> Double {
    max(stored.step(row, peak: peak), expected.step(row, peak: peak), 0x1p-118)
  }

  private func isFalselyZero(_ row: Int, _ block: RowBlock) -> Bool {
    let figures = block.figures(row)
    guard figures.isZero, figures.peak > 0 else { return false }
    return figures.peak > threshold(row, figures.peak)
  }

  /// Features of tiles in which all codes of the block are zero.
  private func falselyZeroTiles(_ block: RowBlock) -> [ClosedRange<Int>] {
    stride(from: 0, to: columns, by: Self.tileColumns).compactMap { start in
      let tile = start..<min(start + Self.tileColumns, columns)
      guard block.rows.allSatisfy({ block.model($0)[tile].allSatisfy { $0 == 0 } }) else { return nil }
      var large = 0
      for row in block.rows {
        let threshold = threshold(row, block.figures(row).peak)
        large += block.expected(row)[tile].count { abs(Double($0)) > threshold }
      }
      return large >= min(4, tile.count) ? tile.lowerBound...tile.upperBound - 1 : nil
    }
  }

  /// Adds a region, to the one before it where they touch.
  private mutating func add(_ region: ZeroRegion) {
    if let last = zeros.last {
      if last.features == region.features, last.rows.upperBound + 1 == region.rows.lowerBound,
        last.rows.upperBound / stored.rowsPerMatrix == region.rows.lowerBound / stored.rowsPerMatrix
      {
        zeros[zeros.count - 1].rows = last.rows.lowerBound...region.rows.upperBound
        return
      }
      if last.rows == region.rows, let one = last.features, let other = region.features,
        one.upperBound + 1 == other.lowerBound
      {
        zeros[zeros.count - 1].features = one.lowerBound...other.upperBound
        return
      }
    }
    zeros.append(region)
  }
}
