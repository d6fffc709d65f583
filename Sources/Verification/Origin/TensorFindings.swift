import GLCFormat
import ModelCore

/// Puts into words what an audit found in one tensor.
struct TensorFindings {
  let audit: TensorAudit
  let words: AuditWords

  private var stored: StoredTensor { audit.stored }
  private var reference: String { words.reference }

  /// What is the matter, the most telling first.
  /// - Parameter other: the tensor whose values it holds, as far as that is known.
  func messages(holding other: String?) throws(VerificationError) -> [String] {
    var messages = unfinite + zeros + features + factors + groups
    if let other {
      messages.append("holds the values of \(other) in the \(reference)")
    } else if audit.suspectCount > 0 {
      messages += try suspects()
    }
    return messages
  }

  private var unfinite: [String] {
    guard let found = audit.unfinite, let first = found.rows.first else { return [] }
    if words.isVector { return ["value \(found.column) is not finite (\(found.value))"] }
    let what = stored.scale(first).map { $0.isFinite } == false ? "the scale" : "a value"
    let one = "\(what) of \(words.row(first)) is not finite (\(found.value))"
    return [found.rows.count == 1 ? one : "\(words.count(found.rows.count)) are not finite: \(one)"]
  }

  private var zeros: [String] {
    Self.few(audit.zeros.map(words.zero)) { "\($0) more regions are zero" }.map {
      let isSingle = $0.hasSuffix(" is zero")
      return "\($0), in the \(reference) \(isSingle ? "it is" : "they are") not"
    }
  }

  private var factors: [String] {
    let found = audit.factors
    guard let first = found.first else { return [] }
    if words.isVector { return ["is \(AuditWords.factor(first.factor)) times the \(reference)'s"] }
    let isOne = found.allSatisfy { abs($0.factor / first.factor - 1) < 0.01 }
    if isOne, found.count > 1, 10 * found.count >= 9 * stored.rows {
      return ["is \(AuditWords.factor(first.factor)) times the \(reference)'s"]
    }
    let messages = found.map { "\(words.row($0.row)) is \(AuditWords.factor($0.factor)) times the \(reference)'s" }
    return Self.few(messages) { "\($0) more are multiples of the \(reference)'s" }
  }

  private var features: [String] {
    let found = audit.features
    let reason = "its input scale is not the one its codes were made with"
    if found.count > 4, 2 * found.count > audit.columns {
      return [
        "\(found.count) of \(audit.columns) features are multiples of the \(reference)'s in all \(words.noun)s: input scales are "
          + "not those that the codes were made with"
      ]
    }
    let messages = found.map {
      "feature \($0.feature) is \(AuditWords.factor($0.factor)) times the \(reference)'s in all \(words.noun)s: \(reason)"
    }
    return Self.few(messages) { "\($0) more features are such" }
  }

  private var groups: [String] {
    let messages = audit.groups.map { group in
      let place = "\(words.row(group.row)), features \(group.features.lowerBound) to \(group.features.upperBound)"
      guard let factor = group.factor else {
        return "\(place) are not the \(reference)'s: SQNR \(AuditWords.decibels(group.sqnr))"
      }
      return "\(place) are \(AuditWords.factor(factor)) times the \(reference)'s"
    }
    return Self.few(messages) { "\($0) more groups of features are not the \(reference)'s" }
  }

  private func suspects() throws(VerificationError) -> [String] {
    if words.isVector { return [try vector()] }
    let found = try RowMatching(audit).matches
    var messages: [String] = []
    var exchanged: Set<Int> = []
    for (row, other) in found.sorted(by: { $0.key < $1.key }) where !exchanged.contains(row) {
      if found[other] == row, other != row {
        messages.append("\(words.pair(row, other)) are exchanged")
        exchanged.insert(other)
      } else {
        messages.append("\(words.row(row)) holds the \(reference)'s \(words.row(other))")
      }
    }
    let kept = audit.suspects.count
    if found.count == kept, audit.suspectCount > kept {
      return ["\(words.count(audit.suspectCount)) hold others' values: \(messages[0])"]
    }
    messages = Self.few(messages) { "\($0) more such" }
    // Where some are left, one at least is among those that were kept.
    let left = audit.suspects.filter { found[$0.row] == nil }
    guard let worst = left.min(by: { $0.sqnr < $1.sqnr }) else { return messages }
    return messages + [differing(audit.suspectCount - found.count, worst)]
  }

  private func differing(_ count: Int, _ worst: TensorAudit.Suspect) -> String {
    guard worst.sqnr > -.infinity else {
      return "\(words.row(worst.row)) is not zero, in the \(reference) it is"
    }
    let ratio = "SQNR \(AuditWords.decibels(worst.sqnr))"
    return count == 1
      ? "\(words.row(worst.row)) is not the \(reference)'s: \(ratio)"
      : "\(words.count(count)) are not the \(reference)'s, the worst \(words.row(worst.row)): \(ratio)"
  }

  private func vector() throws(VerificationError) -> String {
    var theirs = Array(repeating: Float(0), count: audit.columns)
    try audit.expected.read(0, into: &theirs)
    let ours = audit.suspects[0].values
    let differing = ours.indices.filter { abs(ours[$0] - theirs[$0]) > 1e-5 * max(abs(ours[$0]), abs(theirs[$0])) }
    guard differing.count > 3 else {
      return differing.map { "value \($0) is \(ours[$0]), in the \(reference) \(theirs[$0])" }.joined(separator: "; ")
    }
    let ratio = AuditWords.decibels(audit.sqnr)
    return "\(differing.count) of \(ours.count) values are not the \(reference)'s: SQNR \(ratio)"
  }

  /// The first three of many messages, and how many more there are.
  private static func few(_ messages: [String], _ rest: (Int) -> String) -> [String] {
    messages.count <= 4 ? messages : messages.prefix(3) + [rest(messages.count - 3)]
  }
}
