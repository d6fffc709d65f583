/// What was looked at, and what was odd about it.
public struct CalibrationReport: Sendable, Equatable {
  /// Linear layers that multiply the same rows.
  public struct Group: Sendable, Equatable {
    /// The layer's name in the checkpoint; of query, key and value what their names have in common.
    public let name: String
    /// Features of a row.
    public let features: Int
    /// Features that were 0 in every row, of which nothing is known.
    public let zeroFeatures: Int
    /// Features that had one value in every row, and not 0.
    public let constantFeatures: Int
    /// What was added to the diagonal of the correlations, as a part of its mean.
    public let damping: Damping
    /// One for each member that was quantized, in their order: ‖(W − Ŵ) · x‖ ÷ ‖W · x‖ as the root of mean squares over all rows; 0 where
    /// W · x is 0.
    public let relativeErrors: [Double]
  }

  /// How the correlations of a group's inputs were put to use.
  public enum Damping: Sendable, Equatable {
    /// They were not asked for.
    case none
    /// With as much damping as was asked for.
    case asAsked
    /// With more, because they were not positive definite.
    case raised(to: Double)
    /// Not at all: no amount would do, and codes were rounded to nearest.
    case useless
  }

  /// Inputs that were looked at: different ones, with tokens.
  public internal(set) var inputs = 0
  /// Tokens in them.
  public internal(set) var tokens = 0
  /// Inputs without a token, which were left out.
  public internal(set) var emptyInputs = 0
  /// Inputs that are the same as one before, and count once.
  public internal(set) var repeatedInputs = 0
  /// Those that were measured, in run order.
  public internal(set) var groups: [Group] = []
}

extension CalibrationReport {
  /// What the user should know, a line each.
  public var warnings: [String] {
    var lines: [String] = []
    if emptyInputs > 0 { lines.append("\(emptyInputs) of the calibration texts have no token and were left out") }
    if repeatedInputs > 0 {
      lines.append("\(repeatedInputs) of the calibration texts are the same as others and count once")
    }
    if inputs == 1 { lines.append("one calibration text says little of others") }
    if let widest = groups.map(\.features).max(), tokens < widest {
      lines.append("\(tokens) calibration tokens are fewer than the \(widest) features of the widest layer")
    }
    lines += [
      line(groups.filter { $0.zeroFeatures > 0 }) { "\($0.zeroFeatures) of \($0.features) features are always 0" },
      line(groups.filter { $0.constantFeatures > 0 }) {
        "\($0.constantFeatures) of \($0.features) features are always the same"
      },
      line(groups.filter(\.damping.isRaised)) { _ in "features depend on each other, and correlations were damped more"
      },
      line(groups.filter { $0.damping == .useless }) { _ in
        "correlations were of no use, and weights were rounded one by one"
      },
    ].compactMap(\.self)
    return lines
  }

  /// One line for all groups of a kind.
  private func line(_ groups: [Group], _ what: (Group) -> String) -> String? {
    guard let first = groups.first else { return nil }
    let others = groups.count > 1 ? " (and in \(groups.count - 1) more groups)" : ""
    return "the inputs of \(first.name): \(what(first))\(others)"
  }
}

extension CalibrationReport.Damping {
  fileprivate var isRaised: Bool { if case .raised = self { true } else { false } }
}
