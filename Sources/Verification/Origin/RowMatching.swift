/// Looks for the rows of the original that the suspects of an audit hold instead of their own.
struct RowMatching {
  /// From a suspect's row to the one whose values it holds.
  private(set) var matches: [Int: Int] = [:]

  /// Reads the original once.
  init(_ audit: TensorAudit) throws(VerificationError) {
    guard !audit.suspects.isEmpty else { return }
    // Where each suspect is largest: most rows can be told apart there.
    let peaks = audit.suspects.map { suspect in
      suspect.values.indices.max { abs(suspect.values[$0]) < abs(suspect.values[$1]) } ?? 0
    }
    var row = Array(repeating: Float(0), count: audit.columns)
    for candidate in 0..<audit.stored.rows where matches.count < audit.suspects.count {
      try audit.expected.read(candidate, into: &row)
      for (suspect, peak) in zip(audit.suspects, peaks)
      where matches[suspect.row] == nil && suspect.row != candidate {
        let (own, theirs) = (Double(suspect.values[peak]), Double(row[peak]))
        // A step of int4 is a seventh of the largest value, and the largest code may be a clipped one.
        let isClose = abs(own - theirs) <= (audit.stored.record.encoding == .int4 ? 0.25 : 0.1) * abs(own)
        let isClipped = audit.stored.record.encoding.isQuantized && own * theirs > 0 && abs(theirs) > abs(own)
        guard isClose || isClipped else { continue }
        if Self.isMade(suspect, of: candidate, row, audit) { matches[suspect.row] = candidate }
      }
    }
    audit.expected.discard(rows: 0..<audit.stored.rows, columns: audit.columns)
  }

  private static func isMade(
    _ suspect: TensorAudit.Suspect, of candidate: Int, _ values: [Float], _ audit: TensorAudit
  ) -> Bool {
    let all = values.indices
    let figures = RowBlock.Figures(suspect.values, values, all)
    guard figures.signal > 0 else { return false }
    let cost = RowCost(audit.stored, suspect.row, audit.expected, candidate, original: values)
    return RowJudgement(suspect.values, values, all, cost, figures).isExplained
  }
}
