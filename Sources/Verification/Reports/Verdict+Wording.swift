import ModelCore

extension Judgement {
  /// `at most 0.005`.
  var limit: String { "\(isMaximum ? "at most" : "at least") \(Figures.bound(bound))" }

  /// `micro F1 drift, upper end of its 95 % interval: 0.012030, at most 0.005`.
  var sentence: String { "\(title): \(figure), \(limit)" }

  /// What was found, for people.
  var figure: String { isCount ? Figures.bound(found) : Figures.error(found) }
}

extension IdentityCheck {
  var name: String {
    switch field {
    case .checkpoint: "checkpoint"
    case .tokenizer: "tokenizer"
    case .tokens: "token ids"
    case .labelCase: "case of labels"
    case .maximumLength: "maximum length"
    case .dtype: "data type"
    case .promptFirst: "order of labels and text"
    case .batchSize: "batch size"
    case .configuration: "configuration"
    case .weights: "weights"
    }
  }

  var outcome: String { agrees ? "agrees" : isAllowed ? "differs, allowed" : "FAIL" }
  /// With the name that `--allow-mismatch` knows it by.
  var sentence: String {
    let title = name == field.rawValue ? name : "\(name) (\(field.rawValue))"
    return "\(title): expected \(expected), found \(found)"
  }

  /// Which side is not the other's.
  var accusation: String {
    switch field {
    case .configuration, .weights: "The model is not what it was made from."
    default: "The reference is not one of this model."
    }
  }
}

extension Verdict {
  /// Why it fails, one line each; empty where it passes.
  var reasons: [String] {
    identity.filter { !$0.passes }.map { "\($0.accusation) \($0.sentence.capitalizedFirst)" }
      + judgements.filter { !$0.passes }.map(\.sentence.capitalizedFirst)
  }

  /// What a verdict that passes rests on.
  var grounds: String {
    let bounds =
      judgements.isEmpty
      ? "No bounds were given"
      : judgements.count == 1
        ? "The bound is kept"
        : judgements.count == 2 ? "Both bounds are kept" : "All \(judgements.count) bounds are kept"
    let allowed = identity.filter { !$0.agrees && $0.isAllowed }.count
    if identity.isEmpty { return "\(bounds)." }
    if allowed > 0 {
      return "\(bounds). What differs between model and reference was allowed: \(Figures.count(allowed, "check"))."
    }
    return "\(bounds), and the reference is one of this model."
  }

  /// The side by side of a title: `debian-tags-q8.glc`.
  var modelName: String { model.path.fileName }

  /// What was compared with what.
  var compared: [ReportItem] {
    [
      ReportItem("model", model.path, modelDetail),
      ReportItem("reference", reference.path, referenceDetail),
      ReportItem(
        "data", data.path,
        "\(Figures.count(data.texts, "text")), \(Figures.count(data.decisions, "decision")), "
          + "\(Figures.count(data.labels, "label")); SHA-256 \(Figures.digest(data.sha256))"),
      ReportItem("decisions", decisionRule, truthNote),
    ]
  }

  private var modelDetail: String {
    var parts = [Formatting.size(model.bytes)]
    if let weights = model.weights { parts.append("\(weights) weights") }
    parts.append("\(model.attention) attention")
    if let digest = model.contentDigest { parts.append("checkpoint \(Figures.digest(digest))") }
    if let converter = model.converter { parts.append(converter) }
    parts.append("tokenizer as \(model.tokenizerProfile)")
    parts.append("numerics \(model.numericsRevision)")
    return parts.joined(separator: ", ")
  }

  private var referenceDetail: String {
    let kind =
      switch reference.kind {
      case .file: "outputs of "
      case .checkpoint: "computed from the checkpoint by "
      case .baseline: "another .glc, made by "
      }
    let versions = reference.versions.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
    return kind + reference.producer + (versions.isEmpty ? "" : "; \(versions)")
  }

  private var decisionRule: String {
    switch settings.mode {
    case .multiLabel: "a label is predicted where its score reaches \(settings.threshold)"
    case .singleLabel: "the label with the largest logit is predicted, and no other"
    }
  }

  private var truthNote: String {
    data.hasTruth
      ? "intervals: \(Figures.coverage(settings.confidence)), paired bootstrap over texts, "
        + "\(Figures.count(settings.replicates, "resampling")), seed \(settings.seed)"
      : Self.noTruth
  }

  static let noTruth = "no true labels: agreement only"

  /// How far both sides decide alike.
  var agreementItems: [ReportItem] {
    let agreement = measures.agreement
    let rate = agreement.flipRateInterval
    var items = [
      ReportItem(
        "decisions flipped", "\(Figures.count(agreement.flipCount)) of \(Figures.count(data.decisions))",
        "\(Figures.percent(agreement.flipRate)); \(Figures.coverage(settings.confidence)) interval "
          + "\(Figures.percent(rate.lower)) to \(Figures.percent(rate.upper))")
    ]
    if let test = measures.mcNemar {
      items.append(
        ReportItem(
          "right decisions",
          "\(Figures.count(test.onlyReferenceRight)) lost, \(Figures.count(test.onlyModelRight)) gained",
          "McNemar's exact test, two-sided: p \(Figures.pValue(test.pValue))"))
    }
    // The list may be cut; only a whole one can be counted.
    if agreement.flipCount > 0, agreement.flips.count == agreement.flipCount {
      let gone = agreement.flips.count(where: \.referencePredicts)
      items.append(
        ReportItem("predictions", "\(gone) dropped, \(agreement.flipCount - gone) added", "by the model"))
    }
    if agreement.flipCount > 0 {
      items.append(
        ReportItem(
          "margin of the flipped", "largest \(Figures.error(agreement.largestMargin))",
          "median \(Figures.error(agreement.medianMargin)); how far the reference was from deciding otherwise, in logits"
        ))
    }
    items += [
      ReportItem("same best label", "\(Figures.percent(agreement.top1, decimals: 2)) of texts"),
      ReportItem("all decisions alike", "\(Figures.percent(agreement.wholeTexts, decimals: 2)) of texts"),
      ReportItem(
        "F1 of agreement", Figures.score(agreement.f1), "the model's, with the reference's decisions for true"),
      ReportItem("token ids", tokenSentence),
    ]
    return items
  }

  private var tokenSentence: String {
    tokenMismatches == 0
      ? "equal in every text" : "differ in \(Figures.count(tokenMismatches)) of \(Figures.count(data.texts, "text"))"
  }
}

extension WorstText {
  /// Positions of its decisions, those with the largest errors first; NaN before all.
  var decisionsByError: [Int] {
    func error(_ index: Int) -> Float {
      let difference = abs(decisions[index].modelLogit - decisions[index].referenceLogit)
      return difference.isNaN ? .infinity : difference
    }
    return decisions.indices.sorted { (error($0), $1) > (error($1), $0) }
  }

  /// Its decisions in that order.
  var byError: [Decision] { decisionsByError.map { decisions[$0] } }
}

extension String {
  /// With a capital at the beginning of a sentence; names of files and options keep theirs, for they do not begin one.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
