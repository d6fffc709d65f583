import GLCFormat
import GLiClass
import ModelCore
import Tokenization

/// The compiled tokenizer of a `.glc` beside another: that of a baseline, or what the checkpoint's files compile to under the file's own
/// profile.
struct TokenizerComparison {
  private let model: GLiClassModel
  private let vocabulary: VocabularyTranslation
  private let fields: FieldComparison

  init(_ model: GLiClassModel, _ vocabulary: VocabularyTranslation, reference: String) {
    self.model = model
    self.vocabulary = vocabulary
    fields = FieldComparison(reference: reference)
  }

  private var summary: TokenizerSummary { model.tokenizer.summary }

  /// What the metadata say of the tokenizer that its own header does not.
  var ownFindings: [Finding] {
    let metadata = model.file.metadata.root.member("tokenizer")
    let pairs: [(String, String?, String)] = [
      ("profile", metadata?.member("profile")?.string, summary.profile.name),
      ("tokenizers_version", metadata?.member("tokenizers_version")?.string, summary.libraryVersion),
      ("pieces", metadata?.member("pieces")?.int.map { "\($0)" }, "\(summary.pieceCount)"),
    ]
    return pairs.compactMap { name, said, found in
      guard let said, said != found else { return nil }
      return Finding(place: "tokenizer.\(name)", message: "\(said), in the compiled tokenizer \(found)")
    }
  }

  /// What differs from the files of the checkpoint, read as this file's own profile does.
  func findings(against outputs: CheckpointOutputs) throws(VerificationError) -> [Finding] {
    let other: CheckpointTokenizer
    if let originals = vocabulary.originals {
      do throws(VerificationError) {
        other = try CheckpointTokenizer(outputs.checkpoint, summary.profile, keeping: originals)
      } catch {
        // The checkpoint's own files were read before: it is what the map calls for that cannot be made.
        return [Finding(place: "vocabulary map", message: error.message)]
      }
    } else if outputs.tokenizer.profile == summary.profile {
      other = outputs.tokenizer
    } else {
      other = try CheckpointTokenizer(outputs.checkpoint, summary.profile)
    }
    return other.bytes.withUnsafeBytes { findings(against: other.tokenizer, $0) }
  }

  /// What differs from the tokenizer of `baseline`.
  func findings(againstBaseline baseline: GLiClassModel) -> [Finding] {
    guard !vocabulary.isIdentity else { return findings(against: baseline.tokenizer, baseline.file.tokenizerBytes) }
    return pieces(against: baseline.tokenizer, vocabulary.other)
  }

  private func findings(against other: CompiledTokenizer, _ bytes: UnsafeRawBufferPointer) -> [Finding] {
    let own = model.file.tokenizerBytes
    if own.elementsEqual(bytes) { return [] }
    let theirs = other.summary
    var findings: [Finding] = []
    for (name, value) in Self.summaryFields where value(summary) != value(theirs) {
      findings.append(fields.finding("tokenizer.\(name)", value(summary), value(theirs)))
    }
    findings += pieces(against: other) { $0 }
    if findings.isEmpty {
      let place = zip(own, bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? min(own.count, bytes.count)
      let sizes = own.count == bytes.count ? "" : ", of \(own.count) and \(bytes.count)"
      findings.append(
        Finding(place: "tokenizer", message: "differs from the \(fields.reference)'s from byte \(place) on\(sizes)"))
    }
    return findings
  }

  private static let summaryFields: [(name: String, value: @Sendable (TokenizerSummary) -> String)] = [
    ("profile", { $0.profile.name }),
    ("tokenizers_version", { $0.libraryVersion }),
    ("model", { "\($0.model)" }),
    ("pieces", { "\($0.pieceCount)" }),
    ("vocabulary_size", { "\($0.vocabularySize)" }),
    ("added_tokens", { "\($0.addedTokenCount)" }),
    ("label_token", { $0.labelTokenID.map { "\($0)" } ?? "none" }),
    ("separator_token", { $0.separatorTokenID.map { "\($0)" } ?? "none" }),
    ("example_token", { $0.exampleTokenID.map { "\($0)" } ?? "none" }),
  ]

  /// Ids that stand for other texts.
  /// - Parameter number: the other side's id of one, `nil` where it has none.
  private func pieces(against other: CompiledTokenizer, _ number: (Int32) -> Int32?) -> [Finding] {
    let count = summary.vocabularySize
    var first: Finding?
    var differing = 0
    for id in 0..<Int32(clamping: count) {
      guard let theirID = number(id), theirID < other.summary.vocabularySize else { continue }
      let (ours, theirs) = (model.tokenizer.token(for: id), other.token(for: theirID))
      guard ours.map(ExactBytes.init) != theirs.map(ExactBytes.init) else { continue }
      differing += 1
      if first == nil {
        first = fields.finding("tokenizer, token \(id)", "\"\(ours ?? "")\"", "\"\(theirs ?? "")\"")
      }
    }
    guard let first else { return [] }
    guard differing > 1 else { return [first] }
    let message = "\(differing - 1) more tokens differ from the \(fields.reference)'s"
    return [first, Finding(place: "tokenizer", message: message)]
  }
}
