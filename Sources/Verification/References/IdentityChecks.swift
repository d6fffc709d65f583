import GLiClass
import ModelCore

/// Holds what a reference says of itself against the model. What either does not say is not checked.
package struct IdentityChecks {
  package private(set) var checks: [IdentityCheck] = []
  private(set) var notes: [String] = []
  private let allowed: Set<IdentityCheck.Field>
  /// What one side does not say.
  private var unknown: [String] = []

  package init(_ header: ReferenceHeader, _ model: GLiClassModel, allowed: Set<IdentityCheck.Field>) {
    self.allowed = allowed
    checkCheckpoint(header, model)
    check(.tokenizer, expected: model.tokenizer.summary.profile.name, found: header.tokenizerProfile)
    check(.labelCase, expected: "as given", found: header.labelCase)
    check(.maximumLength, expected: "\(model.maximumLength)", found: header.maximumLength.map { "\($0)" })
    check(.dtype, expected: "float32", found: header.dtype)
    check(
      .promptFirst, expected: "\(model.file.configuration.prompt.promptFirst)",
      found: header.promptFirst.map { "\($0)" })
    check(.batchSize, expected: "1", found: header.batchSize.map { "\($0)" })
    if !unknown.isEmpty {
      notes.append("not said by the reference or the model, and so not compared: \(unknown.joined(separator: ", "))")
    }
  }

  private mutating func check(_ field: IdentityCheck.Field, expected: String?, found: String?) {
    guard let expected, let found else {
      unknown.append(field.rawValue)
      return
    }
    add(field, expected: expected, found: found, agrees: expected == found)
  }

  private mutating func add(_ field: IdentityCheck.Field, expected: String, found: String, agrees: Bool) {
    checks.append(
      IdentityCheck(
        field: field, expected: expected, found: found, agrees: agrees, isAllowed: allowed.contains(field)))
  }

  /// Contents tell best: they are the same in every container. The digest of a file tells only where it is the same file.
  private mutating func checkCheckpoint(_ header: ReferenceHeader, _ model: GLiClassModel) {
    let source = model.file.metadata.root.member("source")
    if header.contentDigest != nil {
      check(.checkpoint, expected: source?.member("content_digest")?.string, found: header.contentDigest)
      return
    }
    guard let digest = header.checkpointSHA256 else {
      unknown.append(IdentityCheck.Field.checkpoint.rawValue)
      return
    }
    let files = source?.member("files")
    let known = (0..<(files?.count ?? 0)).compactMap { files?.element($0).member("sha256")?.string }
    guard !known.contains(digest) else {
      check(.checkpoint, expected: "sha256 \(digest)", found: "sha256 \(digest)")
      return
    }
    notes.append(
      "the reference was made from another file of weights (sha256 \(digest.prefix(12))…): another checkpoint, or the same one "
        + "in another container, which its header cannot tell for want of content_digest")
  }

  /// Adds what fields and tensors say, where there is something to hold them against.
  /// - Parameter name: what that is, as `the checkpoint`.
  mutating func add(_ audit: OriginAudit, of name: String) {
    for (field, findings) in [(IdentityCheck.Field.configuration, audit.fields), (.weights, audit.weights)] {
      let expected = "that of \(name)"
      var found = findings.first.map { "\($0.place): \($0.message)" } ?? expected
      if findings.count > 1 { found += " (and \(findings.count - 1) more)" }
      add(field, expected: expected, found: found, agrees: findings.isEmpty)
    }
  }

  /// Adds what the inputs say.
  /// - Parameters:
  ///   - differing: texts with other tokens than the reference's.
  ///   - leftOut: texts beside these that have tokens there which the model's vocabulary was made smaller by: what becomes of them is a
  ///     matter of measures and bounds.
  ///   - isSmaller: whether it was.
  mutating func addTokens(
    differing: Int, leftOut: Int = 0, of texts: Int, first: TokenDifference?, isSmaller: Bool = false
  ) {
    var found = "equal in every text"
    if let first {
      found =
        "different in \(differing) of \(texts) texts, first in line \(first.line) at token \(first.position): \(first.description)"
    } else if leftOut > 0 {
      found = "equal in \(texts - leftOut) of \(texts) texts; the vocabulary was made smaller by tokens of the others"
    }
    let expected = isSmaller ? "equal in every text that has no other tokens than are left" : "equal in every text"
    add(.tokens, expected: expected, found: found, agrees: differing == 0)
  }
}

/// Where the model's tokens of a text begin to differ from the reference's.
struct TokenDifference: Sendable, Equatable {
  /// Line of the data set.
  var line: Int
  /// From 0.
  var position: Int
  /// What stands there on both sides.
  var description: String

  /// `nil` where both are equal.
  init?(line: Int, model: [Int32], reference: [Int32], name: (Int32) -> String) {
    guard model != reference else { return nil }
    let position = zip(model, reference).prefix { $0 == $1 }.count
    func token(_ ids: [Int32]) -> String {
      position < ids.count ? "\(ids[position]) (\(name(ids[position])))" : "the end"
    }
    self.line = line
    self.position = position
    description = "\(token(model)), in the reference \(token(reference))"
  }
}
