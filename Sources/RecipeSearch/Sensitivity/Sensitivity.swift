import Conversion
import DataSets
import ModelCore
import Verification

/// What is ranked, and on which texts.
package struct SensitivityOptions: Sendable {
  /// Input and recipe; nothing is written to its output.
  package var conversion: ConversionOptions
  /// Texts, with or without right labels.
  package var data: String
  /// Files that are looked at and thrown away get this name, and an ending.
  package var scratch: String
  /// Seconds that decide how many texts are looked at.
  package var budget: Double = 30 * 60
  /// Texts; `nil` takes as many as the budget allows.
  package var textCount: Int?
  /// How logits become decisions, and how surely figures are given.
  package var settings = MeasureSettings()
  /// Threads; `nil` is the processors this process may run on.
  package var threads: Int?

  /// Half an hour, and the defaults of a verification.
  package init(conversion: ConversionOptions, data: String, scratch: String) {
    self.conversion = conversion
    self.data = data
    self.scratch = scratch
  }
}

/// Ranks the units of a recipe by what each does alone: one conversion for each, with everything else in f32.
package struct Sensitivity {
  private let options: SensitivityOptions
  private let reporter: SearchReporter
  private let budget: SearchBudget

  /// - Parameters:
  ///   - isStopped: whether somebody asked to stop; asked between pieces of work.
  ///   - show: called with the part of the work that is done, and what is being done.
  package init(
    _ options: SensitivityOptions, isStopped: @escaping () -> Bool = { false },
    show: @escaping (Double, String) -> Void = { _, _ in }
  ) {
    self.options = options
    budget = SearchBudget(seconds: options.budget)
    reporter = SearchReporter(budget: budget, isStopped: isStopped, show: show)
  }

  /// Measures every unit. The same checkpoint, recipe, data and number of texts give the same report.
  /// - Throws: ``RecipeSearchError``.
  package func run() throws(RecipeSearchError) -> SensitivityReport {
    let data = try lifting { () throws(DataSetError) in try DataIndex(path: options.data) }
    let selection = try TextSelection(data)
    let source = try lifting { () throws(ConversionError) in try ConversionSource(options.conversion) }
    let recipes = try UnitRecipes(source, options.conversion.recipe)
    let texts = try texts(data, selection, source, recipes)
    var rows: [SensitivityReport.Row] = []
    let whole = UnitRecipes.Unit(
      name: "everything", tensors: recipes.units.flatMap(\.tensors), form: "", recipe: options.conversion.recipe)
    let plainSizes = try sizes(recipes.plain, source)
    let sizes = try sizes(options.conversion.recipe, source)
    for (index, unit) in (recipes.units + [whole]).enumerated() {
      try reporter.report(
        "measuring \(unit.name)", part: Double(index) / Double(recipes.units.count + 1))
      let names = unit.form == AttentionPrecision.int8.rawValue ? [] : Set(unit.tensors)
      let saved = names.reduce(0) { $0 + (plainSizes[$1] ?? 0) - (sizes[$1] ?? 0) }
      rows.append(try row(unit, texts, source, saved: saved))
    }
    let all = rows.removeLast()
    let attention = try lifting { () throws(ConversionError) in
      try ResolvedRecipe(options.conversion.recipe, source).attention
    }
    return SensitivityReport(
      data: SearchReport.Data(data), texts: texts.examples.count,
      decisions: texts.referenceLogits.reduce(0) { $0 + $1.count }, settings: options.settings,
      recipe: options.conversion.recipe.json(attention: attention, vocabulary: source.vocabularyMetadata),
      rows: Self.ranked(rows),
      whole: all)
  }

  /// The largest mean error first; equal ones in the order of the units.
  private static func ranked(_ rows: [SensitivityReport.Row]) -> [SensitivityReport.Row] {
    rows.enumerated().sorted { ($1.element.meanError.rank, $0.offset) < ($0.element.meanError.rank, $1.offset) }
      .map(\.element)
  }

  /// The first texts by their digests, with the logits of f32: as many as the budget allows.
  private func texts(
    _ data: DataIndex, _ selection: TextSelection, _ source: ConversionSource, _ recipes: UnitRecipes
  ) throws(RecipeSearchError) -> TextPart {
    try reporter.report("converting", part: 0)
    var start = MonotonicSeconds.now
    let plain = try candidate(recipes.plain, source)
    let conversion = MonotonicSeconds.now - start
    let inputs = try lifting { () throws(VerificationError) in try TextInputs(plain.model, threads: options.threads) }
    func part(_ count: Int) throws(RecipeSearchError) -> TextPart {
      try TextPart(
        try TextSelection.examples(Array(selection.all.prefix(count)), of: data), path: data.path, inputs)
    }
    let sample = try part(16)
    _ = try sample.logits(inputs)
    start = MonotonicSeconds.now
    _ = try sample.logits(inputs)
    let text = (MonotonicSeconds.now - start) / Double(sample.examples.count)
    let left = budget.seconds - budget.elapsed()
    let runs = Double(recipes.units.count + 2)
    let count =
      options.textCount
      ?? TextCounts.largest(of: data.count, fewest: TextCounts.fewest) { count in
        runs * (conversion + Double(count) * text) <= left
      }
    var texts = try part(count)
    let reporter = reporter
    texts.referenceLogits = try texts.logits(inputs) { _ throws(RecipeSearchError) in try reporter.checkStopped() }
    return texts
  }

  private func row(
    _ unit: UnitRecipes.Unit, _ texts: TextPart, _ source: ConversionSource, saved: Int
  ) throws(RecipeSearchError) -> SensitivityReport.Row {
    let candidate = try candidate(unit.recipe, source)
    let inputs = try lifting { () throws(VerificationError) in
      try TextInputs(candidate.model, threads: options.threads)
    }
    let reporter = reporter
    let table = texts.table(try texts.logits(inputs) { _ throws(RecipeSearchError) in try reporter.checkStopped() })
    let errors = zip(table.modelLogits, table.referenceLogits).map { abs(Double($0) - Double($1)) }
    let isFinite = errors.allSatisfy(\.isFinite)
    return SensitivityReport.Row(
      unit: unit.name, tensors: unit.tensors, form: unit.form,
      meanError: isFinite ? errors.reduce(0, +) / Double(max(1, errors.count)) : .nan,
      largestError: isFinite ? errors.max() ?? 0 : .nan,
      flips: TruthComparison(table, settings: options.settings).flipCount,
      drift: F1Drift(table, settings: options.settings, threads: inputs.threadCount)?.drift, saved: saved)
  }

  private func candidate(
    _ recipe: QuantizationRecipe, _ source: ConversionSource
  ) throws(RecipeSearchError) -> CandidateFile {
    try CandidateFile.make(recipe, source, options: options.conversion, beside: options.scratch)
  }

  private func sizes(
    _ recipe: QuantizationRecipe, _ source: ConversionSource
  ) throws(RecipeSearchError) -> [String: Int] {
    var own = options.conversion
    own.recipe = recipe
    let final = own
    let plan = try lifting { () throws(ConversionError) in try Converter(final).plan(source) }
    return Dictionary(plan.tensors.map { ($0.name, $0.size) }) { first, _ in first }
  }
}

extension Double {
  /// For an order in which NaN is the largest.
  fileprivate var rank: Double { isNaN ? .infinity : self }
}
