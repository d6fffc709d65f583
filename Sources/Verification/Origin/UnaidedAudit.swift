import GLCFormat
import GLiClass

/// What can be said of the tensors of a `.glc` where there is nothing to hold them against: values that are not finite, and matrices
/// with zeros where everything around them is not.
///
/// Tables of embeddings have rows of zeros of their own (padding, tokens that are not used), and a convolution in groups has tiles of
/// them.
struct UnaidedAudit {
  let model: GLiClassModel

  /// - Parameter progress: called with the part of the work that is done.
  func findings(progress: (Double) -> Void) -> [Finding] {
    var findings = TensorComparison.unread(in: model.file)
    let total = max(1, model.file.records.reduce(0) { $0 + $1.extent.count })
    var done = 0
    for record in model.file.records {
      findings += messages(record).map { Finding(place: record.name, message: $0) }
      done += record.extent.count
      progress(Double(done) / Double(total))
    }
    return findings
  }

  private func messages(_ record: TensorRecord) -> [String] {
    guard let stored = StoredTensor(record, in: model.file) else {
      return ["not examined: \(record.summary) is not known here"]
    }
    let words = AuditWords(stored, reference: "", tokenizer: model.tokenizer)
    let tiles = stored.columns.roundedUp(toMultipleOf: TensorAudit.tileColumns) / TensorAudit.tileColumns
    let looksForZeros = record.layout != .rows && record.name != "convolution.weight"
    var density = ZeroDensity(tiles: tiles)
    var row = Array(repeating: Float(0), count: stored.columns)
    for index in 0..<stored.rows {
      stored.read(index, into: &row)
      if let column = row.firstIndex(where: { !$0.isFinite }) {
        let place = words.isVector ? "value \(column)" : "a value of \(words.row(index))"
        return ["\(place) is not finite (\(row[column]))"]
      }
      if looksForZeros { density.add(row) }
    }
    guard looksForZeros else { return [] }
    return density.zeros(rowsPerMatrix: stored.rowsPerMatrix, columns: stored.columns).prefix(4).map {
      "\(words.zero($0)), those around \($0.rows.count == 1 && $0.features == nil ? "it" : "them") are not"
    }
  }
}

/// How many values of each row, tile by tile, are not zero.
struct ZeroDensity {
  private let tiles: Int
  private var counts: [[Int]] = []

  init(tiles: Int) { self.tiles = tiles }

  mutating func add(_ row: [Float]) {
    counts.append(
      (0..<tiles).map { tile in
        row[tile * TensorAudit.tileColumns..<min((tile + 1) * TensorAudit.tileColumns, row.count)].count { $0 != 0 }
      })
  }

  /// Rows that are zero between rows of which most values are not, and tiles that are zero between such tiles. An outlier that leaves
  /// little for the rest of its row makes sparse rows: those are no neighbours that say anything.
  func zeros(rowsPerMatrix: Int, columns: Int) -> [TensorAudit.ZeroRegion] {
    func isDense(_ row: Int) -> Bool { 2 * counts[row].reduce(0, +) >= columns }
    func isZero(_ row: Int) -> Bool { counts[row].allSatisfy { $0 == 0 } }
    var regions: [TensorAudit.ZeroRegion] = []
    for matrix in 0..<counts.count / max(1, rowsPerMatrix) {
      let all = matrix * rowsPerMatrix..<(matrix + 1) * rowsPerMatrix
      guard 2 * all.count(where: isDense) > all.count else { continue }
      for row in all where isZero(row) { regions.append(TensorAudit.ZeroRegion(rows: row...row)) }
      for start in stride(from: all.lowerBound, to: all.upperBound, by: TensorAudit.blockRows) {
        let block = start..<min(start + TensorAudit.blockRows, all.upperBound)
        for tile in 0..<tiles where isHole(tile, block, columns) {
          let first = tile * TensorAudit.tileColumns
          regions.append(
            TensorAudit.ZeroRegion(
              rows: block.lowerBound...block.upperBound - 1,
              features: first...min(first + TensorAudit.tileColumns, columns) - 1))
        }
      }
    }
    return regions
  }

  /// Whether a tile is zero while most values of the others of its rows are not.
  private func isHole(_ tile: Int, _ block: Range<Int>, _ columns: Int) -> Bool {
    guard tiles > 1, block.allSatisfy({ counts[$0][tile] == 0 }) else { return false }
    let others = block.reduce(0) { $0 + counts[$1].reduce(0, +) }
    return 2 * others >= block.count * (columns - TensorAudit.tileColumns)
  }
}
