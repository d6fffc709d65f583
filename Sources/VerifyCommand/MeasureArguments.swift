import ArgumentParser
import Verification

/// How logits become decisions, and what is measured of them.
struct MeasureArguments: ParsableArguments {
  @Option(help: "The score from which a label is predicted.")
  var threshold: Float?

  @Flag(help: "Predict the label with the largest score of each text, and no other.")
  var singleLabel = false

  @Option(help: ArgumentHelp("Coverage of confidence intervals.", valueName: "part"))
  var confidence = MeasureSettings().confidence

  @Option(help: ArgumentHelp("Resamplings that intervals are made from.", valueName: "n"))
  var resamplings = MeasureSettings().replicates

  @Option(
    help: ArgumentHelp("What resamplings are derived from: the same number gives the same intervals.", valueName: "n"))
  var seed = MeasureSettings().seed

  @Flag(
    help: """
      Also run reference and model side by side, layer by layer, on the texts with the largest errors. Needs --checkpoint or \
      --baseline, and is done without asking where the verdict is a failure.
      """)
  var layers = false

  @Option(
    help: ArgumentHelp("The same on so many texts (default: \(VerificationOptions.defaultLayerTexts)).", valueName: "n")
  )
  var layerTexts: Int?

  func validate() throws {
    if let threshold {
      guard (0...1).contains(threshold) else { throw ValidationError("--threshold is a number from 0 to 1.") }
      guard !singleLabel else { throw ValidationError("--single-label knows no --threshold.") }
    }
    guard confidence >= 0.5, confidence < 1 else {
      throw ValidationError("--confidence is a number from 0.5 to below 1.")
    }
    guard (100...100_000).contains(resamplings) else {
      throw ValidationError("--resamplings is a number from 100 to 100000.")
    }
    // Beyond the outermost resampling nothing is known: the interval would be of a lower confidence than it says.
    let needed = Bootstrap.fewestReplicates(confidence: confidence)
    guard resamplings >= needed else {
      throw ValidationError(
        needed <= 100_000
          ? "--confidence \(confidence) needs --resamplings of at least \(needed)."
          : "--confidence \(confidence) needs more than 100000 resamplings.")
    }
    if let layerTexts, !(1...1000).contains(layerTexts) {
      throw ValidationError("--layer-texts is a number from 1 to 1000.")
    }
  }

  var settings: MeasureSettings {
    var settings = MeasureSettings()
    settings.mode = singleLabel ? .singleLabel : .multiLabel
    settings.threshold = threshold ?? settings.threshold
    settings.confidence = confidence
    settings.replicates = resamplings
    settings.seed = seed
    return settings
  }

  /// Texts to be run layer by layer in any case.
  var requestedLayerTexts: Int? { layerTexts ?? (layers ? VerificationOptions.defaultLayerTexts : nil) }
}
