extension Measures {
  /// Measures a table: deterministic to the bit on every machine, whatever the number of threads.
  ///
  /// A model without an answer passes no bound: where a logit is NaN, errors, rates of agreement, the model's metrics
  /// and with them every drift and interval are NaN.
  /// - Precondition: A threshold of 0...1, a confidence between 0 and 1, at least one replicate.
  package init(_ table: DecisionTable, settings: MeasureSettings, threads: Int = 2) {
    precondition((0...1).contains(settings.threshold))
    precondition(settings.confidence > 0 && settings.confidence < 1 && settings.replicates > 0)
    let decisions = Decisions(table, settings)
    logitError = ErrorDistribution(table.modelLogits, table.referenceLogits)
    // A softmax of NaN need not be NaN everywhere.
    probabilityError =
      decisions.hasNaN ? .undefined : ErrorDistribution(decisions.model.scores, decisions.reference.scores)
    agreement = Agreement(decisions)
    guard table.hasTruth else {
      (metrics, labels, mcNemar, sweep) = ([], [], nil, nil)
      return
    }
    let comparison = TruthComparison(decisions)
    (metrics, labels) = comparison.drifts(threads: threads)
    mcNemar = comparison.mcNemar
    sweep = settings.mode == .multiLabel ? ThresholdSweep(decisions) : nil
  }
}
