import Checkpoints
import Conversion
import DataSets
import GLCFormat
import GLiClass
import ModelCore
import Tokenization
import Verification

/// The texts of a search in two halves, with what the reference says of them: as many as the budget allows.
struct SearchTexts {
  let comparison: TextPart
  let judgement: TextPart
  let reference: ReferenceSummary
  /// Seconds that judging and writing will take.
  let reserve: Double

  /// Converts the base once, to see how long that takes and how texts become tokens, and computes the reference of both halves.
  init(
    _ options: RecipeSearchOptions, _ data: DataIndex, _ selection: TextSelection, _ source: ConversionSource,
    _ space: RecipeSpace, _ problem: SearchProblem, _ budget: SearchBudget, _ reporter: SearchReporter
  ) throws(RecipeSearchError) {
    var costs = TextCounts.Costs(conversion: 0, text: 0, reference: 0)
    try reporter.report("converting")
    var start = MonotonicSeconds.now
    let first = try CandidateFile.make(
      try space.recipe(problem.base), source, options: options.conversion, beside: options.conversion.output)
    costs.conversion = MonotonicSeconds.now - start
    let inputs = try lifting { () throws(VerificationError) in try TextInputs(first.model, threads: options.threads) }
    try reporter.report("loading the reference")
    let reference = try Self.reference(options, source, threads: inputs.threadCount)
    try reference.check(first.model)
    let isPruned = try lifting { () throws(GLCFormatError) in try first.model.file.vocabularyMap() != nil }
    func part(_ positions: ArraySlice<Int>) throws(RecipeSearchError) -> TextPart {
      try TextPart(try TextSelection.examples(Array(positions), of: data), path: data.path, inputs)
    }
    // How long a text takes on either side.
    var sample = try part(selection.comparison.prefix(16))
    let texts = Double(sample.examples.count)
    _ = try sample.logits(inputs)
    start = MonotonicSeconds.now
    _ = try sample.logits(inputs)
    costs.text = (MonotonicSeconds.now - start) / texts
    if case .checkpoint = reference {
      start = MonotonicSeconds.now
      try reference.fill(&sample, hasOwnTokens: true) { _ throws(RecipeSearchError) in try reporter.checkStopped() }
      costs.reference = (MonotonicSeconds.now - start) / texts
    }
    let counts = TextCounts(probes: Self.probes(problem), trials: TextCounts.plannedTrials)
    let count = options.textCount ?? counts.count(of: data.count, costs, seconds: budget.seconds - budget.elapsed())
    var halves: [TextPart] = []
    for positions in [selection.comparison, selection.judgement] {
      // All of an uneven split where all are meant; else as many of either half.
      let own = count >= data.count ? positions.count : min(positions.count, max(1, count / 2))
      var half = try part(positions.prefix(own))
      let done = Double(halves.count)
      try reference.fill(&half, hasOwnTokens: isPruned) { part throws(RecipeSearchError) in
        try reporter.report("computing the reference", part: (done + part) / 2)
      }
      halves.append(half)
    }
    comparison = halves[0]
    judgement = halves[1]
    reserve = counts.judging(count, costs)
    self.reference = reference.summary
  }

  private static func reference(
    _ options: RecipeSearchOptions, _ source: ConversionSource, threads: Int
  ) throws(RecipeSearchError) -> SearchReference {
    try lifting { () throws(VerificationError) in
      if let path = options.reference { return .file(try ReferenceFile(path: path)) }
      return .checkpoint(
        try CheckpointOutputs(source.checkpoint, profile: options.conversion.tokenizerProfile, threads: threads))
    }
  }

  /// Candidates that are run to find out what single units do.
  private static func probes(_ problem: SearchProblem) -> Int {
    problem.probed.indices.reduce(0) { count, unit in
      count + problem.probed[unit].indices.count { problem.probed[unit][$0] && $0 != problem.base[unit] }
    }
  }
}
