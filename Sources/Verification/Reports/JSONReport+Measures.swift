import ModelCore

extension Measures {
  /// Members of the verdict: without truth those that need it are `null`.
  var members: [(String, JSON)] {
    func scores(_ value: (MetricDrift) -> JSON) -> JSON {
      metrics.isEmpty ? .null : .object(metrics.map { ($0.metric.rawValue, value($0)) })
    }
    return [
      ("reference_scores", scores { .double($0.reference) }), ("model_scores", scores { .double($0.model) }),
      ("drift", scores { .double($0.drift) }), ("drift_interval", scores { $0.interval.json }),
      ("label_scores", metrics.isEmpty ? .null : .array(labels.map(\.json))), ("mcnemar", mcNemar?.json ?? .null),
      ("flips", agreement.flipsJSON),
      (
        "agreement",
        .object([
          ("top1", .double(agreement.top1)), ("whole_texts", .double(agreement.wholeTexts)),
          ("f1", .double(agreement.f1)),
        ])
      ),
      ("logit_error", logitError.json), ("probability_error", probabilityError.json),
      ("thresholds", sweep?.json ?? .null),
    ]
  }
}

extension Interval {
  fileprivate var json: JSON { .object([("lower", .double(lower)), ("upper", .double(upper))]) }
}

extension ErrorDistribution {
  fileprivate var json: JSON {
    .object([("mean", .double(mean)), ("p50", .double(p50)), ("p99", .double(p99)), ("max", .double(maximum))])
  }
}

extension LabelScores {
  fileprivate var json: JSON {
    .object([("precision", .double(precision)), ("recall", .double(recall)), ("f1", .double(f1))])
  }
}

extension LabelDrift {
  fileprivate var json: JSON {
    .object([
      ("label", .string(label)), ("support", .int(support)), ("offered", .int(offered)), ("reference", reference.json),
      ("model", model.json), ("drift", .double(drift)), ("drift_interval", interval.json), ("flips", .int(flips)),
    ])
  }
}

extension McNemarTest {
  fileprivate var json: JSON {
    .object([
      ("only_reference_right", .int(onlyReferenceRight)), ("only_model_right", .int(onlyModelRight)),
      ("p_value", .double(pValue)),
    ])
  }
}

extension Agreement {
  fileprivate var flipsJSON: JSON {
    .object([
      ("count", .int(flipCount)), ("rate", .double(flipRate)), ("rate_interval", flipRateInterval.json),
      ("largest_margin", .double(largestMargin)), ("median_margin", .double(medianMargin)),
      (
        "list",
        .array(
          flips.map {
            .object([
              ("line", .int($0.line)), ("label", .string($0.label)),
              ("reference_predicts", .bool($0.referencePredicts)), ("true", .optional($0.isTrue)),
              ("reference_logit", .float($0.referenceLogit)), ("model_logit", .float($0.modelLogit)),
              ("margin", .double($0.margin)),
            ])
          })
      ),
    ])
  }
}

extension ThresholdSweep {
  fileprivate var json: JSON {
    .object([
      (
        "reference_best",
        .object([("threshold", .double(bestReferenceThreshold)), ("micro_f1", .double(bestReferenceF1))])
      ),
      ("model_best", .object([("threshold", .double(bestModelThreshold)), ("micro_f1", .double(bestModelF1))])),
      (
        "sweep",
        .array(
          points.map {
            .object([
              ("threshold", .double($0.threshold)), ("reference_micro_f1", .double($0.referenceMicroF1)),
              ("model_micro_f1", .double($0.modelMicroF1)), ("reference_macro_f1", .double($0.referenceMacroF1)),
              ("model_macro_f1", .double($0.modelMacroF1)),
            ])
          })
      ),
    ])
  }
}

extension OriginReport {
  var json: JSON {
    .object([
      ("texts", .int(texts)), ("layers", .array(layers.map(\.json))), ("tensors", .array(tensors.map(\.json))),
      (
        "findings",
        .array(findings.map { .object([("place", .string($0.place)), ("message", .string($0.message))]) })
      ),
    ])
  }
}

extension LayerError {
  fileprivate var json: JSON {
    .object([
      ("layer", .optional(layer)), ("stage", .string(stage.rawValue)), ("sqnr", .double(sqnr)),
      ("cosine", .double(cosine)),
      ("own_sqnr", .optional(ownSQNR)), ("own_cosine", .optional(ownCosine)),
    ])
  }
}

extension TensorError {
  fileprivate var json: JSON {
    .object([
      ("name", .string(name)), ("form", .string(form)), ("sqnr", .double(sqnr)), ("worst_channel", .int(worstChannel)),
      ("worst_channel_sqnr", .double(worstChannelSQNR)),
    ])
  }
}
