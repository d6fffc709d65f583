import Checkpoints
import Conversion
import DataSets
import GLCFormat
import GLiClass
import Glibc
import ModelCore
import Tokenization
import Verification

/// Finds the smallest recipe within a bound, and writes its file: the module's main path, in run order.
package struct RecipeSearch {
  private let options: RecipeSearchOptions
  private let budget: SearchBudget
  private let reporter: SearchReporter

  /// - Parameters:
  ///   - isStopped: whether somebody asked to stop; asked between pieces of work.
  ///   - show: called with the part of the time that has passed, and what is being done.
  package init(
    _ options: RecipeSearchOptions, isStopped: @escaping () -> Bool = { false },
    show: @escaping (Double, String) -> Void = { _, _ in }
  ) {
    self.options = options
    budget = SearchBudget(seconds: options.budget)
    reporter = SearchReporter(budget: budget, isStopped: isStopped, show: show)
  }

  /// Searches, judges once, and writes the file where the judgement is that it keeps the bound; else nothing.
  /// - Throws: ``RecipeSearchError``.
  package func run() throws(RecipeSearchError) -> SearchReport {
    let data = try lifting { () throws(DataSetError) in try DataIndex(path: options.data) }
    guard data.hasTruth else { throw .noTruth(path: data.path) }
    var selection = try TextSelection(data)
    try check(selection, data)
    try reporter.report("reading the checkpoint")
    let source = try lifting { () throws(ConversionError) in
      let source = try ConversionSource(options.conversion)
      try Converter.refuseOverwriting(source.checkpoint, output: options.conversion.output)
      return source
    }
    // Noticed before the work is done.
    try lifting { () throws(ModelCoreError) in _ = try AtomicFile(path: options.conversion.output) }
    var (template, limits) = (options.conversion.recipe, options.limits)
    var solutions: SolutionProvider = { _, _ in [:] }
    if let texts = options.calibration {
      // One group size: each takes a calibration of its own.
      limits.groupSizes = [template.groupSize]
      let calibrated = try CalibratedSolutions(source, texts, template, reporter)
      (template, solutions) = (calibrated.template, calibrated.provider)
      selection.judge(without: calibrated.texts)
      guard !selection.judgement.isEmpty else { throw .allSeen(path: data.path, texts: calibrated.texts.count) }
    }
    let space = RecipeSpace.searching(source, template: template, limits: limits, solutions: solutions)
    let problem = try space.problem(source, options.conversion)
    let texts = try SearchTexts(options, data, selection, source, space, problem, budget, reporter)
    let evaluator = ConvertingEvaluator(
      space: space, problem: problem, source: source, options: options.conversion, path: options.conversion.output,
      texts: texts.comparison, probeCount: TextCounts.probeTexts, settings: options.settings,
      threads: options.threads, reporter: reporter)
    var searcher = RecipeSearcher(
      problem, rule: SearchRule(bound: options.bound), budget: budget, reserve: texts.reserve, evaluator: evaluator)
    return try report(try searcher.run(), space, source, data, texts)
  }

  private func check(_ selection: TextSelection, _ data: DataIndex) throws(RecipeSearchError) {
    guard !selection.comparison.isEmpty, !selection.judgement.isEmpty else {
      throw .oneHalf(path: data.path, texts: data.count)
    }
  }

  /// Judges what was chosen on texts that nothing was run on before; where nothing was, measures what came nearest.
  private func report(
    _ result: SearchResult, _ space: RecipeSpace, _ source: ConversionSource, _ data: DataIndex, _ texts: SearchTexts
  ) throws(RecipeSearchError) -> SearchReport {
    guard let trial = result.chosen ?? result.best ?? result.trials.last else {
      preconditionFailure("a search makes at least one trial")
    }
    try reporter.report("judging")
    let recipe = try space.recipe(trial.choices)
    let attention = try lifting { () throws(ConversionError) in try ResolvedRecipe(recipe, source).attention }
    let candidate = try CandidateFile.make(
      recipe, source, options: options.conversion, beside: options.conversion.output)
    let inputs = try lifting { () throws(VerificationError) in
      try TextInputs(candidate.model, threads: options.threads)
    }
    var report = SearchReport(
      bound: options.bound, settings: options.settings, data: SearchReport.Data(data), reference: texts.reference,
      recipe: recipe.json(attention: attention, vocabulary: source.vocabularyMetadata),
      choices: space.titles(trial.choices),
      size: candidate.size, trialCount: result.trials.count, probeCount: result.probeCount,
      budget: options.budget, ranOut: result.ranOut, isMarginal: result.isMarginal,
      comparison: try measures(texts.comparison, inputs))
    guard result.chosen != nil else { return report }
    report.judgement = try measures(texts.judgement, inputs)
    guard report.passes else { return report }
    report.summary = try write(recipe, source, candidate, drift: report.record)
    return report
  }

  private func measures(_ part: TextPart, _ inputs: TextInputs) throws(RecipeSearchError) -> SearchReport.Half {
    let logits = try part.logits(inputs) { _ throws(RecipeSearchError) in try reporter.checkStopped() }
    let table = part.table(logits)
    return SearchReport.Half(
      texts: table.textCount, decisions: table.decisionCount,
      measures: Measures(table, settings: options.settings, threads: inputs.threadCount))
  }

  /// Converts once more, with what was found in the metadata, and gives the file its name where its tensors are those that were judged.
  private func write(
    _ recipe: QuantizationRecipe, _ source: ConversionSource, _ judged: CandidateFile, drift: JSON
  ) throws(RecipeSearchError) -> ConversionSummary {
    try reporter.report("writing")
    var own = options.conversion
    own.recipe = recipe
    own.drift = drift
    own.output = "\(options.conversion.output).candidate-\(getpid())"
    defer { unlink(own.output) }
    let final = own
    var summary = try lifting { () throws(ConversionError) in try Converter(final).run(source) }
    let file = try lifting { () throws(GLCFormatError) in try GLCFile(path: final.output) }
    guard file.records == judged.model.file.records else { throw .changed(path: options.conversion.input) }
    try reporter.checkStopped()
    guard rename(final.output, options.conversion.output) == 0 else {
      throw .underlying(
        ModelCoreError.cannotCreate(path: options.conversion.output, reason: String(cString: strerror(errno))))
    }
    summary.output = options.conversion.output
    return summary
  }
}
