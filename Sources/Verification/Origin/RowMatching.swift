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
        guard abs(own - theirs) <= 0.1 * abs(own) else { continue }
        let figures = RowBlock.Figures(suspect.values, row)
        if figures.signal > 0,
          figures.error <= audit.stored.allowance(suspect.row, of: audit.expected, candidate, figures)
        {
          matches[suspect.row] = candidate
        }
      }
    }
    audit.expected.discard(rows: 0..<audit.stored.rows, columns: audit.columns)
  }
}

extension StoredTensor {
  /// What a row may differ from the row `theirs` of `other` by, if it was made of that one.
  func allowance(_ row: Int, of other: ExpectedTensor, _ theirs: Int, _ figures: RowBlock.Figures) -> Double {
    noise(row, signal: figures.signal, peak: figures.peak)
      + other.noise(theirs, signal: figures.signal, peak: figures.peak) + other.tolerance * figures.signal
  }
}
