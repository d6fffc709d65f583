import ModelCore

/// The verdict for programs: formats/verdict.md says what every field means, and a test holds both to each other.
///
/// Neither the time nor the machine is in it, and figures do not depend on the machine unless the reference is computed from a
/// checkpoint.
package struct JSONReport: Sendable {
  /// Of formats/verdict.md: raised where a field is changed or removed, not where one is added.
  package static let schema = 2

  /// Indented, without a line end behind the last line.
  package let text: String

  package init(_ verdict: Verdict) {
    text = JSON.object([("schema", .int(Self.schema)), ("kind", .string("verdict"))] + verdict.members).text(
      pretty: true)
  }

  package init(_ suite: SuiteVerdict) {
    let averages = Metric.allCases.compactMap { suite.average($0) }
    func scores(_ value: (MetricAverage) -> Double) -> JSON {
      .object(averages.map { ($0.metric.rawValue, .double(value($0))) })
    }
    let members: [(String, JSON)] = [
      ("schema", .int(Self.schema)), ("kind", .string("suite")),
      ("passes", .bool(suite.passes)), ("model", .string(suite.model.path)),
      ("content_digest", .optional(suite.model.contentDigest)),
      ("numerics_revision", .int(Int(suite.model.numericsRevision))), ("model_file", suite.model.json),
      (
        "averages",
        averages.isEmpty
          ? .null
          : .object([
            ("sets", .int(averages[0].sets)), ("reference_scores", scores(\.reference)),
            ("model_scores", scores(\.model)),
            ("drift", scores(\.drift)),
          ])
      ),
      (
        "totals",
        .object([("flips", .int(suite.flips)), ("max_logit_error", .double(suite.largestLogitError))])
      ),
      (
        "sets",
        .array(suite.rows.map { .object([("name", .string($0.name)), ("verdict", .object($0.verdict.members))]) })
      ),
    ]
    text = JSON.object(members).text(pretty: true)
  }
}

extension Verdict {
  fileprivate var members: [(String, JSON)] {
    [
      ("passes", .bool(passes)), ("model", .string(model.path)), ("content_digest", .optional(model.contentDigest)),
      ("numerics_revision", .int(Int(model.numericsRevision))), ("model_file", model.json),
      ("reference", reference.json), ("data", .string(data.path)), ("data_sha256", .string(data.sha256)),
      ("has_truth", .bool(data.hasTruth)), ("mode", .string(settings.mode.rawValue)),
      ("threshold", .float(settings.threshold)), ("intervals", settings.intervals), ("texts", .int(data.texts)),
      ("decisions", .int(data.decisions)), ("labels", .int(data.labels)),
      ("identity", .array(identity.map(\.json))), ("token_mismatches", .int(tokenMismatches)),
    ] + measures.members + [
      ("worst_texts", .array(worstTexts.map(\.json))), ("origin", origin?.json ?? .null),
      ("notes", .array(notes.map { .string($0) })), ("judgements", .array(judgements.map(\.json))),
    ]
  }
}

extension JSON {
  static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
  static func optional(_ value: Double?) -> JSON { value.map { .double($0) } ?? .null }
  static func optional(_ value: Bool?) -> JSON { value.map { .bool($0) } ?? .null }
  static func optional(_ value: Int?) -> JSON { value.map { .int($0) } ?? .null }
}

extension ModelSummary {
  fileprivate var json: JSON {
    .object([
      ("bytes", .int(bytes)), ("weights", .optional(weights)), ("attention", .string(attention)),
      ("converter", .optional(converter)), ("tokenizer_profile", .string(tokenizerProfile)),
    ])
  }
}

extension ReferenceSummary {
  fileprivate var json: JSON {
    .object([
      ("kind", .string(kind.rawValue)), ("path", .string(path)), ("producer", .string(producer)),
      (
        "versions",
        .array(versions.map { .object([("name", .string($0.name)), ("version", .string($0.version))]) })
      ),
    ])
  }
}

extension MeasureSettings {
  fileprivate var intervals: JSON {
    .object([
      ("confidence", .double(confidence)), ("replicates", .int(replicates)),
      // Readers of JSON lose digits beyond 2^53.
      ("seed", .string("\(seed)")),
    ])
  }
}

extension IdentityCheck {
  fileprivate var json: JSON {
    .object([
      ("field", .string(field.rawValue)), ("expected", .string(expected)), ("found", .string(found)),
      ("agrees", .bool(agrees)), ("allowed", .bool(isAllowed)), ("passes", .bool(passes)),
    ])
  }
}

extension Judgement {
  fileprivate var json: JSON {
    .object([
      ("name", .string(name)), ("title", .string(title)), ("limit", .string(isMaximum ? "max" : "min")),
      ("bound", .double(bound)), ("found", .double(found)), ("passes", .bool(passes)),
    ])
  }
}

extension WorstText {
  fileprivate var json: JSON {
    .object([
      ("line", .int(line)), ("text", .string(text)), ("tokens", .array(tokens.map { .string($0) })),
      ("first_token_difference", .optional(firstTokenDifference)), ("largest_error", .double(largestError)),
      (
        "decisions",
        .array(
          decisions.map {
            .object([
              ("label", .string($0.label)), ("true", .optional($0.isTrue)),
              ("reference_logit", .float($0.referenceLogit)), ("model_logit", .float($0.modelLogit)),
              ("flipped", .bool($0.isFlipped)),
            ])
          })
      ),
    ])
  }
}
