import ArgumentParser
import Verification

/// What decides the exit status.
struct BoundArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The largest loss of micro F1 (reference minus .glc) that passes: of the upper end of its confidence interval.",
      valueName: "x"))
  var maxF1Drift: Double?

  @Flag(help: "Judge the loss of F1 as it was found, without regard to chance.")
  var pointEstimate = false

  @Option(help: ArgumentHelp("The largest difference of any logit that passes.", valueName: "x"))
  var maxLogitError: Double?

  @Option(
    help: ArgumentHelp(
      "How many decisions may change: a number, or a part of them all, as 0.1% or 0.001.", valueName: "n"))
  var maxFlips: FlipBound?

  @Option(help: ArgumentHelp("The least micro F1 of the .glc that passes.", valueName: "x"))
  var minF1: Double?

  func validate() throws {
    for (name, bound) in [("--max-f1-drift", maxF1Drift), ("--max-logit-error", maxLogitError)] {
      // A bound of NaN or infinity could never be exceeded, and one below zero never kept.
      if let bound, !(bound >= 0 && bound.isFinite) { throw ValidationError("\(name) is a number from 0 on.") }
    }
    if let minF1, !(0...1).contains(minF1) { throw ValidationError("--min-f1 is a number from 0 to 1.") }
    guard !pointEstimate || maxF1Drift != nil else { throw ValidationError("--point-estimate needs --max-f1-drift.") }
  }

  var bounds: VerificationBounds {
    var bounds = VerificationBounds()
    bounds.f1Drift = maxF1Drift
    bounds.judgesPointEstimate = pointEstimate
    bounds.logitError = maxLogitError
    bounds.flips = maxFlips?.flips
    bounds.minimumF1 = minF1
    return bounds
  }
}

/// `5`, `0.1%` or `0.001`.
struct FlipBound: ExpressibleByArgument {
  let flips: VerificationBounds.Flips

  init?(argument: String) {
    if let count = Int(argument) {
      guard count >= 0 else { return nil }
      flips = .count(count)
      return
    }
    let isPercentage = argument.hasSuffix("%")
    guard let number = Double(isPercentage ? String(argument.dropLast()) : argument) else { return nil }
    let rate = isPercentage ? number / 100 : number
    // A bare 1.0 could mean one decision or all of them.
    guard rate >= 0, isPercentage ? rate <= 1 : rate < 1 else { return nil }
    flips = .rate(rate)
  }
}
