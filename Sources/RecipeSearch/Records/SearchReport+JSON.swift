import ModelCore
import Verification

extension SearchReport {
  /// The member `drift` of the metadata (formats/glc.md, "A measured drift"): neither time, host nor folder is in it.
  package var record: JSON {
    .object([
      ("schema", .int(1)),
      ("bound", .double(bound)),
      ("mode", .string(settings.mode.rawValue)),
      ("threshold", .float(settings.threshold)),
      ("confidence", .double(settings.confidence)),
      (
        "data",
        .object([("name", .string(data.name)), ("sha256", .string(data.sha256)), ("texts", .int(data.texts))])
      ),
      (
        "reference",
        .object([
          ("kind", .string(reference.kind.rawValue)), ("producer", .string(reference.producer)),
          ("versions", .object(reference.versions.map { ($0.name, .string($0.version)) })),
        ])
      ),
      ("split", .string("sha256")),
      ("candidates", .int(trialCount)),
      ("probes", .int(probeCount)),
      ("budget", .object([("seconds", .double(budget)), ("exhausted", .bool(ranOut))])),
      ("comparison", comparison.json),
      ("judgement", judgement?.json ?? .null),
    ])
  }

  /// What `--json` writes (docs/quantization.md): the record, and what it is of.
  package var json: JSON {
    guard case .object(let members) = record else { return record }
    let own: [(String, JSON)] = [
      ("passes", .bool(passes)),
      ("output", summary.map { .string($0.output) } ?? .null),
      ("bytes", .int(size)),
      ("marginal", .bool(isMarginal)),
      ("recipe", recipe),
      ("units", .object(choices.map { ($0.unit, .string($0.choice)) })),
    ]
    return .object(own + members)
  }
}

extension SearchReport.Half {
  var json: JSON {
    .object([
      ("texts", .int(texts)),
      ("decisions", .int(decisions)),
      ("micro_f1", measures[.microF1]?.stamp ?? .null),
      ("macro_f1", measures[.macroF1]?.stamp ?? .null),
      ("flips", .int(measures.agreement.flipCount)),
      ("logit_error", measures.logitError.stamp),
    ])
  }
}
