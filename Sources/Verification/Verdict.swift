import ModelCore

/// What a verification may not exceed. A bound that is `nil` is not judged; NaN exceeds every bound.
public struct VerificationBounds: Sendable, Equatable {
  /// Largest loss of micro F1 against the true labels: reference minus `.glc`.
  public var f1Drift: Double?
  /// Largest |logit − reference| of any label of any text.
  public var logitError: Double?

  /// Bounds; those that are left out are not judged.
  public init(f1Drift: Double? = nil, logitError: Double? = nil) {
    self.f1Drift = f1Drift
    self.logitError = logitError
  }
}

/// The outcome of a verification.
public struct Verdict: Sendable {
  /// One bound, and what was found.
  public struct Judgement: Sendable, Equatable {
    /// What is bounded.
    public var name: String
    /// The largest value that passes.
    public var bound: Double
    /// The value found.
    public var found: Double
    /// False also where `found` is NaN.
    public var passes: Bool { found <= bound }
  }

  /// Path of the `.glc`.
  public var model: String
  /// Path of the reference, a file or a checkpoint.
  public var reference: String
  /// What computed the reference.
  public var producer: String
  /// Path of the data set.
  public var data: String
  /// The score from which a label is predicted.
  public var threshold: Float
  /// The revision of formats/numerics.md that the engine ran.
  public var numericsRevision: UInt32
  /// What identifies the checkpoint that the `.glc` was made from.
  public var contentDigest: String?
  /// Texts compared.
  public var texts = 0
  /// Labels of all texts.
  public var decisions = 0
  /// Decisions on which reference and model differ.
  public var flips = 0
  /// Labels that the maximum length cut off.
  public var lostLabels = 0
  /// Texts whose token ids differ from the reference's.
  public var tokenMismatches = 0
  /// F1 of the reference against the true labels.
  public var referenceF1 = F1Scores()
  /// F1 of the `.glc` against the true labels.
  public var modelF1 = F1Scores()
  /// |logit − reference| of every label.
  public var logitErrors = LogitErrors()
  /// Things a reader should know, one line each.
  public var notes: [String] = []
  /// What is judged.
  public var bounds = VerificationBounds()

  /// Reference minus `.glc`: positive is a loss.
  public var microDrift: Double { referenceF1.micro - modelF1.micro }
  /// The same of macro F1.
  public var macroDrift: Double { referenceF1.macro - modelF1.macro }
  /// Part of the decisions that changed.
  public var flipRate: Double { decisions == 0 ? .nan : Double(flips) / Double(decisions) }

  /// Every bound that was given.
  public var judgements: [Judgement] {
    var all: [Judgement] = []
    if let bound = bounds.f1Drift { all.append(Judgement(name: "micro F1 drift", bound: bound, found: microDrift)) }
    if let bound = bounds.logitError {
      all.append(Judgement(name: "largest logit error", bound: bound, found: logitErrors.maximum))
    }
    return all
  }

  /// Whether no bound is exceeded.
  public var passes: Bool { judgements.allSatisfy(\.passes) }
}
