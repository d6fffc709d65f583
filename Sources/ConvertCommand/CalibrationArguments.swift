import ArgumentParser
import CommandSupport
import Conversion
import ModelCore

/// Texts that say what activations are like.
struct CalibrationArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Measure activations on these texts and quantize for them: a text a line, or JSON with labels where it has them (.jsonl).",
      valueName: "texts.jsonl"))
  var calibrate: String?

  @Option(
    help: ArgumentHelp(
      "The most texts that --calibrate looks at, the first of the file (default: 128).", valueName: "n"))
  var calibrationTexts: Int?

  func validate() throws {
    guard let calibrationTexts else { return }
    guard calibrate != nil else { throw ValidationError("--calibration-texts needs --calibrate.") }
    guard calibrationTexts > 0 else { throw ValidationError("--calibration-texts is a number from 1 on.") }
  }

  /// The recipe with what was measured, where something is to be.
  func apply(_ options: inout ConversionOptions, _ source: ConversionSource) throws -> Calibrated? {
    guard let calibrate else { return nil }
    let bar = ProgressBar("calibrating")
    defer { bar.finish() }
    let calibrated = try Calibrator(source).calibrate(
      options.recipe, path: calibrate, limit: calibrationTexts ?? Calibrator.defaultTextLimit, progress: bar.update)
    options.recipe = calibrated.recipe
    return calibrated
  }
}

extension Calibrated {
  /// What was looked at, one row a fact; facts that go without saying are left out.
  var rows: [(name: String, text: String)] {
    let record = recipe.calibration
    var rows = [
      ("calibrated", "on \(record?.texts ?? 0) texts, \(record?.tokens ?? 0) tokens of \(record?.data ?? "-")")
    ]
    func add(_ count: Int, _ what: String) { if count > 0 { rows.append(("", "\(count) \(what)")) } }
    add(texts.repeated, "texts that were there before, counted once")
    add(texts.empty, "empty texts: their labels count")
    add(texts.cut, "long texts, of which only the beginning was looked at")
    add(texts.withoutLabels, "texts without labels: labels of their own would say more")
    for warning in report.warnings { rows.append(("", warning)) }
    return rows
  }
}
