import ArgumentParser
import CommandSupport
import Conversion
import Glibc
import ModelCore
import RecipeSearch

extension ConvertCommand {
  /// Searches the smallest recipe within a bound, and writes its file or says what came nearest.
  func searchRecipe() throws {
    let file = try reportFile()
    let report = try interruptible("searching") { isStopped, show in
      var own = search.search(try options())
      own.calibration = calibration.calibrate.map {
        (path: $0, limit: calibration.calibrationTexts ?? Calibrator.defaultTextLimit)
      }
      return try RecipeSearch(own, isStopped: isStopped, show: show).run()
    }
    try print(report.text, report.json, file)
    if !report.passes { throw ExitCode(ExitStatus.verdict.rawValue) }
  }

  /// Ranks tensors by what each does alone.
  func rank() throws {
    let file = try reportFile()
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let scratch = "\(folder)/gliclass-sensitivity.glc"
    var options = try options()
    if calibration.calibrate != nil || weights.leavesTableGroups {
      let source = try ConversionSource(options, hashing: false)
      if weights.leavesTableGroups { try options.recipe.chooseTableGroups(source) }
      _ = try calibration.apply(&options, source)
    }
    let own = options
    let report = try interruptible("measuring") { isStopped, show in
      try Sensitivity(search.ranking(own, scratch: scratch), isStopped: isStopped, show: show).run()
    }
    try print(report.text, report.json, file)
  }

  /// Runs `body` with a bar; a signal ends it between two pieces of work, with nothing left behind.
  private func interruptible<Value>(
    _ title: String, _ body: (@escaping () -> Bool, @escaping (Double, String) -> Void) throws -> Value
  ) throws -> Value {
    let interruption = Interruption()
    let bar = ProgressBar(title)
    defer { bar.finish() }
    do {
      return try body({ interruption.signal != nil }, { part, what in bar.update(part, what) })
    } catch RecipeSearchError.stopped {
      throw ExitCode(interruption.exitStatus ?? ExitStatus.internalError.rawValue)
    }
  }

  /// The file of the report, there before the work is done.
  private func reportFile() throws -> AtomicFile? {
    guard let path = search.json, path != "-" else { return nil }
    return try AtomicFile(path: path)
  }

  /// The report as it was asked for.
  private func print(_ text: String, _ json: JSON, _ file: AtomicFile?) throws {
    guard search.json != "-" else {
      Console.print(json.text(pretty: true))
      return
    }
    if let file {
      try file.write(Array((json.text(pretty: true) + "\n").utf8), at: 0)
      try file.commit()
    }
    Console.print(text)
  }
}
