/// What a verification found, and whether it passes: data alone, for the reports.
package struct Verdict: Sendable, Equatable {
  package var model: ModelSummary
  package var reference: ReferenceSummary
  package var data: DataSummary
  package var settings: MeasureSettings
  /// Whether reference and model are of one checkpoint, tokenizer and so on: what could be compared.
  package var identity: [IdentityCheck]
  /// Texts whose token ids differ from the reference's.
  package var tokenMismatches = 0
  package var measures: Measures
  /// Those with the largest logit errors, the worst first.
  package var worstTexts: [WorstText]
  /// Logits to plot against each other: all, or evenly chosen ones of many.
  package var scatter: [ScatterPoint]
  /// Where drift comes from, if that was asked for or a bound was exceeded.
  package var origin: OriginReport?
  /// Things a reader should know, one line each.
  package var notes: [String]
  /// Every bound that was given, in the order of the options.
  package var judgements: [Judgement]

  /// Whether no bound is exceeded, and the reference is one of this model.
  package var passes: Bool { judgements.allSatisfy(\.passes) && identity.allSatisfy(\.passes) }
}

/// The `.glc` that was judged.
package struct ModelSummary: Sendable, Equatable {
  package var path: String
  package var bytes: Int
  /// What identifies the checkpoint it was made from, as `sha256:…`.
  package var contentDigest: String?
  /// The revision of formats/numerics.md that the engine ran.
  package var numericsRevision: UInt32
  /// Of the recipe: `int8`, `f32`.
  package var weights: String?
  /// Precision of attention's products: `int8`, `f32`.
  package var attention: String
  /// As `gliclass-convert 0.1.0`.
  package var converter: String?
  package var tokenizerProfile: String
}

/// What the model was held against.
package struct ReferenceSummary: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// Outputs of the Python package, in a file.
    case file
    /// Computed from a checkpoint.
    case checkpoint
    /// Another `.glc`.
    case baseline
  }

  package var kind: Kind
  package var path: String
  /// As `gliclass 0.1.21`.
  package var producer: String
  /// What else the header says of versions, as `torch` and `2.15.0`, in its order.
  package var versions: [Version]

  package init(kind: Kind, path: String, producer: String, versions: [Version]) {
    self.kind = kind
    self.path = path
    self.producer = producer
    self.versions = versions
  }

  package struct Version: Sendable, Equatable {
    package var name: String
    package var version: String
  }
}

/// The texts.
package struct DataSummary: Sendable, Equatable {
  package var path: String
  /// SHA-256 of the file, hexadecimal.
  package var sha256: String
  package var texts: Int
  /// Labels of all texts.
  package var decisions: Int
  /// Different labels.
  package var labels: Int
  /// Whether it says which labels are right.
  package var hasTruth: Bool
}

/// Whether something that the reference says of itself is true of the model.
package struct IdentityCheck: Sendable, Equatable {
  /// What can differ between a reference and the model that is held against it.
  package enum Field: String, Sendable, CaseIterable {
    case checkpoint
    case tokenizer
    case tokens
    case labelCase = "label-case"
    case maximumLength = "max-length"
    case dtype
    case promptFirst = "prompt-first"
    case batchSize = "batch-size"
    /// Fields of the metadata, against the checkpoint's configuration or another `.glc`'s.
    case configuration
    /// Tensors, beyond what quantizing does to them.
    case weights
  }

  package var field: Field
  /// What the model calls for.
  package var expected: String
  /// What the reference says.
  package var found: String
  package var agrees: Bool
  /// Whether a difference was allowed on the command line.
  package var isAllowed: Bool
  package var passes: Bool { agrees || isAllowed }
}

/// One bound and what was found.
package struct Judgement: Sendable, Equatable {
  /// The option, as `max-f1-drift`.
  package var name: String
  /// For people, as `micro F1 drift, upper end of its 95 % interval`.
  package var title: String
  package var bound: Double
  package var found: Double
  /// `true` where ``found`` may be at most ``bound``, `false` where it must be at least that.
  package var isMaximum: Bool
  /// Whether it is a number of texts or decisions.
  package var isCount = false
  /// NaN passes no bound.
  package var passes: Bool { isMaximum ? found <= bound : found >= bound }
}

/// A text on which the sides differ much.
package struct WorstText: Sendable, Equatable {
  package struct Decision: Sendable, Equatable {
    package var label: String
    /// `nil` without truth.
    package var isTrue: Bool?
    package var referenceLogit: Float
    package var modelLogit: Float
    package var isFlipped: Bool
  }

  /// Line of the data set, from 1.
  package var line: Int
  package var text: String
  /// Pieces of the whole input as the model tokenizes it, prompt included; at most 512.
  package var tokens: [String]
  /// Position of the first token that differs from the reference's, if any does.
  package var firstTokenDifference: Int?
  /// The largest logit error of its labels; NaN where a result was not finite.
  package var largestError: Double
  package var decisions: [Decision]
}

/// One decision of a plot of score against score.
package struct ScatterPoint: Sendable, Equatable {
  package var referenceLogit: Float
  package var modelLogit: Float
  /// `nil` without truth.
  package var isTrue: Bool?
}
