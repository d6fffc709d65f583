import ModelCore

/// The tables that reports for people share.
extension Metric {
  /// Those that say most, where there is not room for all.
  static let few: Set<Metric> = [
    .microF1, .macroF1, .weightedF1, .microPrecision, .microRecall, .subsetAccuracy, .accuracy,
  ]
}

extension Verdict {
  var judgementTable: ReportTable {
    ReportTable(
      [.words("outcome"), .words("figure"), .number("found"), .number("bound"), .name("option")],
      judgements.map {
        ReportTable.Row(
          [$0.passes ? "pass" : "FAIL", $0.title, $0.figure, $0.limit, $0.name], isGood: $0.passes)
      })
  }

  var identityTable: ReportTable {
    ReportTable(
      [.words("outcome"), .words("of both sides"), .name("expected"), .name("found")],
      identity.map {
        ReportTable.Row(
          [$0.outcome, $0.name, $0.expected, $0.found], isGood: $0.agrees ? true : $0.passes ? nil : false)
      })
  }

  /// `metrics` in their order, or all.
  func metricTable(_ metrics: Set<Metric> = Set(Metric.allCases)) -> ReportTable {
    ReportTable(
      [
        .words("metric"), .number("reference"), .number("model"), .number("drift"),
        .number("\(Figures.coverage(settings.confidence)) interval"),
      ],
      measures.metrics.filter { metrics.contains($0.metric) }.map {
        ReportTable.Row([
          $0.metric.title, Figures.score($0.reference), Figures.score($0.model), Figures.drift($0.drift),
          Figures.interval($0.interval),
        ])
      })
  }

  var errorTable: ReportTable {
    let probability = settings.mode == .multiLabel ? "score error (sigmoid)" : "score error (softmax)"
    return ReportTable(
      [.words(""), .number("mean"), .number("p50"), .number("p99"), .number("max")],
      [("logit error", measures.logitError), (probability, measures.probabilityError)].map { name, error in
        ReportTable.Row([name] + [error.mean, error.p50, error.p99, error.maximum].map(Figures.error))
      })
  }

  /// What the given threshold gives, and what the best ones would; `nil` where nothing was swept.
  var thresholdTable: ReportTable? {
    guard let sweep = measures.sweep, let micro = measures[.microF1] else { return nil }
    func row(_ name: String, _ given: Double, _ threshold: Double, _ best: Double) -> ReportTable.Row {
      ReportTable.Row([
        name, Figures.score(given), Formatting.decimals(threshold, 4), Figures.score(best),
        Figures.drift(best - given),
      ])
    }
    return ReportTable(
      [
        .words(""), .number("micro F1 at \(settings.threshold)"), .number("best at"), .number("micro F1"),
        .number("gain"),
      ],
      [
        row("reference", micro.reference, sweep.bestReferenceThreshold, sweep.bestReferenceF1),
        row("model", micro.model, sweep.bestModelThreshold, sweep.bestModelF1),
      ])
  }

  /// The curves of both sides in numbers.
  var sweepTable: ReportTable? {
    guard let sweep = measures.sweep else { return nil }
    return ReportTable(
      [
        .number("threshold"), .number("micro F1, reference"), .number("model"), .number("macro F1, reference"),
        .number("model"),
      ],
      sweep.points.map { point in
        ReportTable.Row(
          [Formatting.decimals(point.threshold, 2)]
            + [point.referenceMicroF1, point.modelMicroF1, point.referenceMacroF1, point.modelMacroF1]
            .map(Figures.score))
      })
  }

  /// F1 of `labels`, in as few columns as fit beside a plot.
  static func narrowLabelTable(_ labels: [LabelDrift]) -> ReportTable {
    ReportTable(
      [.name("label"), .number("support"), .number("reference"), .number("model"), .number("drift"), .number("flips")],
      labels.map {
        ReportTable.Row(
          [
            $0.label, Figures.count($0.support), Figures.score($0.reference.f1), Figures.score($0.model.f1),
            Figures.drift($0.drift), Figures.count($0.flips),
          ], isGood: $0.interval.lower > 0 ? false : nil)
      })
  }

  /// Those with the largest loss first.
  func labelTable(limit: Int) -> ReportTable {
    ReportTable(
      [
        .name("label"), .number("support"), .number("offered"), .number("reference"), .number("model"),
        .number("drift"), .number("\(Figures.coverage(settings.confidence)) interval"), .number("flips"),
      ],
      measures.labels.prefix(limit).map {
        ReportTable.Row(
          [
            $0.label, Figures.count($0.support), Figures.count($0.offered), Figures.score($0.reference.f1),
            Figures.score($0.model.f1), Figures.drift($0.drift), Figures.interval($0.interval), Figures.count($0.flips),
          ], isGood: $0.interval.lower > 0 ? false : nil)
      },
      omitted: Self.omitted(limit, of: measures.labels.count, "labels, by loss"))
  }

  /// Those with the largest margins first.
  func flipTable(limit: Int) -> ReportTable {
    let flips = measures.agreement.flips
    return ReportTable(
      [
        .words("outcome"), .number("line"), .name("label"), .words("reference"), .words("model"), .words("truth"),
        .number("logit, reference"), .number("logit, model"), .number("margin"),
      ],
      flips.prefix(limit).map { flip in
        let wasRight = flip.isTrue.map { $0 == flip.referencePredicts }
        return ReportTable.Row(
          [
            wasRight.map { $0 ? "lost" : "gained" } ?? "–", Figures.count(flip.line), flip.label,
            flip.referencePredicts ? "yes" : "no",
            flip.referencePredicts ? "no" : "yes", flip.isTrue.map { $0 ? "yes" : "no" } ?? "–",
            Figures.score(Double(flip.referenceLogit)), Figures.score(Double(flip.modelLogit)),
            Figures.error(flip.margin),
          ], isGood: wasRight.map { !$0 })
      },
      omitted: Self.omitted(min(limit, flips.count), of: measures.agreement.flipCount, "flipped decisions, by margin"))
  }

  private static func omitted(_ limit: Int, of count: Int, _ noun: String) -> String? {
    count > limit ? "The first \(Figures.count(limit)) of \(Figures.count(count)) \(noun)." : nil
  }
}
