import ModelCore

extension Verdict {
  /// What `--stamp` keeps of this in the `.glc` (formats/glc.md, "A verdict"): members for `GLCStamp.write`. Neither time nor host
  /// nor folder is in it, so that the same verification of the same file gives the same bytes.
  /// - Parameter verifierVersion: of the program that says it.
  package func stamp(verifierVersion: String) -> [(String, JSON)] {
    [
      ("schema", .int(1)),
      ("passes", .bool(passes)),
      ("mode", .string(settings.mode.rawValue)),
      ("threshold", .float(settings.threshold)),
      ("confidence", .double(settings.confidence)),
      ("micro_f1", measures[.microF1]?.stamp ?? .null),
      ("macro_f1", measures[.macroF1]?.stamp ?? .null),
      ("flips", .int(measures.agreement.flipCount)),
      ("logit_error", measures.logitError.stamp),
      ("bounds", .array(judgements.map(\.stamp))),
      ("differs", .array(identity.filter { !$0.agrees }.map { .string($0.field.rawValue) })),
      ("allowed", .array(identity.filter { !$0.agrees && $0.isAllowed }.map { .string($0.field.rawValue) })),
      ("data", data.stamp),
      ("reference", reference.stamp),
      ("verifier", .object([("name", .string("gliclass-verify")), ("version", .string(verifierVersion))])),
    ]
  }
}

extension MetricDrift {
  /// Both sides, what was lost and its interval.
  package var stamp: JSON {
    .object([
      ("reference", .double(reference)), ("model", .double(model)), ("drift", .double(drift)),
      ("interval", .array([.double(interval.lower), .double(interval.upper)])),
    ])
  }
}

extension ErrorDistribution {
  /// Mean, 99th percentile and largest.
  package var stamp: JSON {
    .object([("mean", .double(mean)), ("p99", .double(p99)), ("maximum", .double(maximum))])
  }
}

extension Judgement {
  fileprivate var stamp: JSON {
    .object([
      ("name", .string(name)), ("bound", .double(bound)), ("found", .double(found)), ("passes", .bool(passes)),
    ])
  }
}

extension DataSummary {
  fileprivate var stamp: JSON {
    .object([
      ("name", .string(path.fileName)), ("sha256", .string(sha256)),
      ("texts", .int(texts)), ("decisions", .int(decisions)), ("labels", .int(labels)),
    ])
  }
}

extension ReferenceSummary {
  fileprivate var stamp: JSON {
    .object([
      ("kind", .string(kind.rawValue)), ("producer", .string(producer)),
      ("versions", .object(versions.map { ($0.name, .string($0.version)) })),
    ])
  }
}
