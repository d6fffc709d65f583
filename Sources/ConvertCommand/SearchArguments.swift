import ArgumentParser
import Conversion
import ModelCore
import RecipeSearch
import Verification

/// Finding out what a recipe does, and which is the smallest within a bound.
struct SearchArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Find the smallest recipe whose loss of micro F1 stays within this, upper end of its 95 % interval included, on texts that \
      nothing was chosen by; write nothing where there is none (exit status 1). --keep, --attention and --q8-embeddings or \
      --q4-embeddings stay as they are given.
      """,
      valueName: "x"))
  var maxF1Drift: Double?

  @Flag(
    help:
      "Rank tensors by what each does to the logits alone, stored as the options of weights say and all else in f32."
  )
  var sensitivity = false

  @Option(
    help: ArgumentHelp(
      "Texts with all_labels and true_labels, for --max-f1-drift and --sensitivity (JSONL, JSON, CSV or TSV).",
      valueName: "data.jsonl"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Outputs of the Python package for --max-f1-drift (Scripts/reference_outputs.py); without it they are computed from the checkpoint.",
      valueName: "ref.jsonl"))
  var reference: String?

  @Option(
    help: ArgumentHelp(
      "Time for --max-f1-drift or --sensitivity: decides how many texts and candidates are looked at (default: 30).",
      valueName: "minutes"))
  var budget: Double?

  @Option(
    help: ArgumentHelp(
      "Texts that are looked at, chosen by their SHA-256 (default: as many as the budget allows).", valueName: "n"))
  var texts: Int?

  @Option(help: "The score from which a label is predicted (default: 0.5).")
  var threshold: Float?

  @Flag(help: "Predict the label with the largest score of each text, and no other.")
  var singleLabel = false

  @Option(
    help: ArgumentHelp(
      "Also write what was found as JSON (docs/quantization.md); - is standard output in place of the table.",
      valueName: "file"))
  var json: String?

  var isGiven: Bool { sensitivity || maxF1Drift != nil }

  func validate() throws {
    if let maxF1Drift, !(maxF1Drift >= 0 && maxF1Drift.isFinite) {
      throw ValidationError("--max-f1-drift is a number from 0 on.")
    }
    guard !sensitivity || maxF1Drift == nil else {
      throw ValidationError("--sensitivity and --max-f1-drift are two things: give one.")
    }
    guard isGiven else {
      for (name, isThere) in [
        ("--data", data != nil), ("--reference", reference != nil), ("--budget", budget != nil),
        ("--texts", texts != nil), ("--threshold", threshold != nil), ("--single-label", singleLabel),
        ("--json", json != nil),
      ] where isThere {
        throw ValidationError("\(name) needs --max-f1-drift or --sensitivity.")
      }
      return
    }
    guard data != nil else {
      throw ValidationError("\(sensitivity ? "--sensitivity" : "--max-f1-drift") needs --data.")
    }
    guard reference == nil || !sensitivity else {
      throw ValidationError("--sensitivity compares with the checkpoint in f32: leave --reference out.")
    }
    if let budget, !(budget > 0 && budget <= 10_000_000) {
      throw ValidationError("--budget is a number of minutes above 0, and at most 10000000.")
    }
    if let texts, texts < (sensitivity ? 1 : 2) {
      throw ValidationError("--texts is a number from \(sensitivity ? 1 : 2) on.")
    }
    if let threshold {
      guard (0...1).contains(threshold) else { throw ValidationError("--threshold is a number from 0 to 1.") }
      guard !singleLabel else { throw ValidationError("--single-label knows no --threshold.") }
    }
  }

  /// Refuses what a search decides itself, and what a run without output or of another kind would leave unread.
  func check(_ weights: WeightArguments, output: String?, writesNothing: Bool) throws {
    guard isGiven else { return }
    let name = sensitivity ? "--sensitivity" : "--max-f1-drift"
    guard !writesNothing else { throw ValidationError("\(name) converts: leave --dry-run and --list out.") }
    guard !sensitivity else {
      if output != nil { throw ValidationError("--sensitivity writes no .glc: leave --output out.") }
      return
    }
    if let scheme = weights.scheme {
      throw ValidationError(
        "--max-f1-drift finds the scheme of each tensor: leave --\(scheme.rawValue) out (--keep decides about some).")
    }
    for (name, isThere) in [("--group-size", weights.groupSize != nil), ("--recipe", weights.recipe != nil)]
    where isThere {
      throw ValidationError("--max-f1-drift finds a recipe: leave \(name) out.")
    }
  }

  /// How logits become decisions.
  var settings: MeasureSettings {
    var settings = MeasureSettings()
    settings.mode = singleLabel ? .singleLabel : .multiLabel
    settings.threshold = threshold ?? settings.threshold
    return settings
  }

  /// What to search for.
  func search(_ conversion: ConversionOptions) -> RecipeSearchOptions {
    var options = RecipeSearchOptions(conversion: conversion, data: data ?? "", bound: maxF1Drift ?? 0)
    options.reference = reference
    options.textCount = texts
    options.settings = settings
    if let budget { options.budget = budget * 60 }
    return options
  }

  /// What to rank.
  /// - Parameter scratch: what files that are thrown away are named after.
  func ranking(_ conversion: ConversionOptions, scratch: String) -> SensitivityOptions {
    var options = SensitivityOptions(conversion: conversion, data: data ?? "", scratch: scratch)
    options.textCount = texts
    options.settings = settings
    if let budget { options.budget = budget * 60 }
    return options
  }
}
