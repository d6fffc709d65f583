import ModelCore

/// What a verification may not exceed. A bound that is `nil` is not judged; NaN exceeds every bound.
public struct VerificationBounds: Sendable, Equatable {
  /// Largest loss of micro F1 against the true labels: reference minus `.glc`.
  public var f1Drift: Double?
  /// Largest |logit − reference| of any label of any text.
  public var logitError: Double?

  public init(f1Drift: Double? = nil, logitError: Double? = nil) {
    self.f1Drift = f1Drift
    self.logitError = logitError
  }
}

/// The outcome of a verification.
public struct Verdict: Sendable {
  /// One bound, and what was found.
  public struct Judgement: Sendable, Equatable {
    public var name: String
    public var bound: Double
    public var found: Double
    /// False also where `found` is NaN.
    public var passes: Bool { found <= bound }
  }

  public var model: String
  public var reference: String
  public var producer: String
  public var data: String
  public var threshold: Float
  public var numericsRevision: UInt32
  public var contentDigest: String?
  public var texts = 0
  public var decisions = 0
  public var flips = 0
  /// Texts whose token ids differ from the reference's.
  public var tokenMismatches = 0
  public var referenceF1 = F1Scores()
  public var modelF1 = F1Scores()
  public var logitErrors = LogitErrors()
  /// Things a reader should know, one line each.
  public var notes: [String] = []
  public var bounds = VerificationBounds()

  /// Reference minus `.glc`: positive is a loss.
  public var microDrift: Double { referenceF1.micro - modelF1.micro }
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
