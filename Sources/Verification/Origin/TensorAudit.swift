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

  /// Features of a row that share a multiplier and are not what they should be, while most others of the row are.
  struct DamagedGroup {
    var row: Int
    var features: ClosedRange<Int>
    var sqnr: Double
    /// What they are a multiple of the original by, where they are one.
    var factor: Double?
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
  /// Of int4 rows.
  private(set) var groups: [DamagedGroup] = []
  /// Features that are a multiple of the original in all rows, and of what: their input scales are not what their codes were made for.
  private(set) var features: [(feature: Int, factor: Double)] = []
  /// The first other rows that are not what they should be, and how many there are.
  private(set) var suspects: [Suspect] = []
  private(set) var suspectCount = 0

  /// Suspects whose values are kept.
  static let keptSuspects = 64
  static let blockRows = 16
  static let tileColumns = 64

  private let spans: [Range<Int>]

  init(_ stored: StoredTensor, _ expected: ExpectedTensor) {
    self.stored = stored
    self.expected = expected
    spans = stored.groups
  }

  var columns: Int { stored.columns }
  /// In dB, of the whole tensor.
  var sqnr: Double { ErrorEnergy.decibels(signal: signal, error: error) }

  /// Reads everything once, and again without the features that explain what was found.
  mutating func run() throws(VerificationError) {
    var factors = FeatureFactors(stored)
    try read(leavingOut: [], &factors)
    let found = factors?.found ?? []
    guard !found.isEmpty else { return }
    self = TensorAudit(stored, expected)
    features = found
    var none: FeatureFactors?
    try read(leavingOut: found.map { $0.feature...$0.feature }, &none)
  }

  private mutating func read(
    leavingOut features: [ClosedRange<Int>], _ factors: inout FeatureFactors?
  ) throws(VerificationError) {
    var block = RowBlock(columns: columns)
    var discarded = 0
    for matrix in 0..<stored.matrices {
      let end = (matrix + 1) * stored.rowsPerMatrix
      for start in stride(from: matrix * stored.rowsPerMatrix, to: end, by: Self.blockRows) {
        let rows = start..<min(start + Self.blockRows, end)
        try block.read(rows, stored, expected)
        judge(block, leavingOut: features, &factors)
        if (rows.upperBound - discarded) * columns > 1 << 22 {
          expected.discard(rows: discarded..<rows.upperBound, columns: columns)
          discarded = rows.upperBound
        }
      }
    }
    expected.discard(rows: discarded..<stored.rows, columns: columns)
  }

  private mutating func judge(
    _ block: RowBlock, leavingOut features: [ClosedRange<Int>], _ factors: inout FeatureFactors?
  ) {
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
      let judgement = judge(row, block, leavingOut: zeroTiles + features)
      if judgement?.factor == nil { factors?.add(row, block, leavingOut: zeroTiles) }
      guard let judgement, !judgement.isExplained else { continue }
      if let factor = judgement.factor {
        self.factors.append((row, factor))
      } else {
        suspectCount += 1
        if suspects.count < Self.keptSuspects {
          suspects.append(Suspect(row: row, sqnr: own, values: Array(block.model(row))))
        }
      }
    }
  }

  /// Judges a row group by group, and as a whole where most of its groups are not what they should be; `nil` where all is said.
  private mutating func judge(_ row: Int, _ block: RowBlock, leavingOut left: [ClosedRange<Int>]) -> RowJudgement? {
    let (model, original, cost) = (block.model(row), block.expected(row), block.cost(row))
    func judgement(_ features: Range<Int>, _ figures: RowBlock.Figures) -> RowJudgement {
      RowJudgement(model, original, features, leavingOut: left, cost, figures)
    }
    guard spans.count > 1 else { return judgement(spans[0], block.figures(row)) }
    var damaged: [DamagedGroup] = []
    for features in spans {
      let figures = RowBlock.Figures(model, original, features)
      let own = judgement(features, figures)
      if own.isExplained { continue }
      if figures.isZero {
        add(ZeroRegion(rows: row...row, features: features.lowerBound...features.upperBound - 1))
        continue
      }
      let sqnr = ErrorEnergy.decibels(signal: figures.signal, error: figures.error)
      damaged.append(
        DamagedGroup(
          row: row, features: features.lowerBound...features.upperBound - 1, sqnr: sqnr, factor: own.factor))
    }
    if 2 * damaged.count > spans.count {
      let whole = judgement(0..<columns, block.figures(row))
      if !whole.isExplained { return whole }
    }
    groups += damaged
    return nil
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

  /// Whether a value is too large to have become zero. (Scales below the normal numbers are written as zero.)
  private func isLarge(_ value: Float, _ feature: Int, _ cost: RowCost) -> Bool {
    abs(Double(value)) > max(cost.step(feature), 0x1p-118)
  }

  private func isFalselyZero(_ row: Int, _ block: RowBlock) -> Bool {
    guard block.figures(row).isZero else { return false }
    let (values, cost) = (block.expected(row), block.cost(row))
    return values.indices.contains { isLarge(values[$0], $0, cost) }
  }

  /// Features of tiles in which all codes of the block are zero.
  private func falselyZeroTiles(_ block: RowBlock) -> [ClosedRange<Int>] {
    stride(from: 0, to: columns, by: Self.tileColumns).compactMap { start in
      let tile = start..<min(start + Self.tileColumns, columns)
      guard block.rows.allSatisfy({ block.model($0)[tile].allSatisfy { $0 == 0 } }) else { return nil }
      var large = 0
      for row in block.rows {
        let (values, cost) = (block.expected(row), block.cost(row))
        large += tile.count { isLarge(values[$0], $0, cost) }
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
