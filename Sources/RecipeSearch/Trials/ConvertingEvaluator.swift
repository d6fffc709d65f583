import Conversion
import ModelCore
import Verification

/// Converts every candidate, and runs it on the texts of a part.
struct ConvertingEvaluator: CandidateEvaluator {
  let space: RecipeSpace
  let problem: SearchProblem
  let source: ConversionSource
  let options: ConversionOptions
  /// Candidates lie beside this file while they are run.
  let path: String
  let texts: TextPart
  /// Of them the first, for effects of single units.
  let probeCount: Int
  let settings: MeasureSettings
  let threads: Int?
  let reporter: SearchReporter

  mutating func measure(_ choices: [Int], probing: Bool) throws(RecipeSearchError) -> Measured {
    let part = probing ? texts.prefix(probeCount) : texts
    let label = name(choices)
    try reporter.report(probing ? "measuring \(label)" : "trying \(label)")
    let candidate = try CandidateFile.make(try space.recipe(choices), source, options: options, beside: path)
    let inputs = try lifting { () throws(VerificationError) in try TextInputs(candidate.model, threads: threads) }
    let reporter = reporter
    let logits = try part.logits(inputs) { _ throws(RecipeSearchError) in try reporter.checkStopped() }
    var measured = Measured(logits: logits.flatMap(\.self))
    guard !probing else { return measured }
    let table = part.table(logits)
    guard let found = F1Drift(table, settings: settings, threads: inputs.threadCount) else { return measured }
    (measured.drift, measured.upper) = (found.drift.drift, found.drift.interval.upper)
    measured.reach = ExpectedDrift(table, settings: settings, unit: found.unit).upper
    return measured
  }

  /// What differs from the base, in a few words.
  private func name(_ choices: [Int]) -> String {
    let titles = space.titles(choices)
    let changed = titles.indices.filter { choices[$0] != problem.base[$0] }.map { titles[$0] }
    guard let first = changed.first else { return "q8 throughout" }
    return "\(first.choice) in \(first.unit)" + (changed.count > 1 ? " and \(changed.count - 1) more" : "")
  }
}
