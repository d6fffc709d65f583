import ModelCore

/// Puts text and labels together as the GLiClass Python pipeline (0.1.21) does, and tokenizes them.
///
/// With `promptFirst`: `<<LABEL>>a<<LABEL>>b<<SEP>>` + task prompt + text + examples. Without: text + `<<LABEL>>a…<<SEP>>` +
/// task prompt + examples. Nothing is put in between. An example is `<<EXAMPLE>>text \nLabels:\n a, b`, and one
/// `<<SEP>>` follows after all of them. The ids are then cut on the right so that, with `[CLS]` and `[SEP]` around them,
/// they are at most `maximumLength`.
///
/// Labels are refused when they are given twice (the pipeline would silently merge their scores), contain a
/// marker (which would shift the scores of those that follow), or have no text (which the pipeline scores all the same;
/// taken with ``PromptRules/LabelOverflow/report``).
/// Where the labels come first, markers in the text are harmless and tokenized as in Python.
public struct PromptBuilder: Sendable {
  /// The tokenizer.
  public let tokenizer: CompiledTokenizer
  /// The rules.
  public private(set) var rules: PromptRules
  private let labelMarker: String
  private let separatorMarker: String
  private let exampleMarker: String?

  /// A builder for one model.
  /// - Throws: ``TokenizationError/unknownTokenID(path:rule:id:vocabularySize:)`` where a marker is no added token,
  ///   ``TokenizationError/maximumLengthTooSmall(found:minimum:)``.
  public init(tokenizer: CompiledTokenizer, rules: PromptRules) throws(TokenizationError) {
    self.tokenizer = tokenizer
    self.rules = rules
    labelMarker = try Self.marker(tokenizer, rules.labelTokenID, "label token")
    separatorMarker = try Self.marker(tokenizer, rules.separatorTokenID, "separator token")
    exampleMarker = rules.exampleTokenID.flatMap { tokenizer.addedTokenContent(of: $0) }
    _ = try room(rules.maximumLength)
  }

  /// The same builder with another maximum length, or another answer to labels that do not fit.
  /// - Throws: ``TokenizationError/maximumLengthTooSmall(found:minimum:)``.
  public func limited(
    maximumLength: Int? = nil, labelOverflow: PromptRules.LabelOverflow
  ) throws(TokenizationError) -> PromptBuilder {
    var limited = self
    limited.rules.maximumLength = maximumLength ?? rules.maximumLength
    limited.rules.labelOverflow = labelOverflow
    _ = try room(limited.rules.maximumLength)
    return limited
  }

  /// Ids that fit between those of the template.
  private func room(_ maximumLength: Int) throws(TokenizationError) -> Int {
    let templateSize = tokenizer.template.before.count + tokenizer.template.after.count
    guard maximumLength > templateSize else {
      throw .maximumLengthTooSmall(found: maximumLength, minimum: templateSize + 1)
    }
    return maximumLength - templateSize
  }

  private static func marker(
    _ tokenizer: CompiledTokenizer, _ id: Int32, _ rule: String
  ) throws(TokenizationError) -> String {
    guard let content = tokenizer.addedTokenContent(of: id) else {
      throw .unknownTokenID(
        path: tokenizer.path, rule: rule, id: Int(id), vocabularySize: tokenizer.summary.vocabularySize)
    }
    return content
  }

  /// The prompt for one text.
  /// - Parameters:
  ///   - text: the text to classify.
  ///   - labels: the candidate labels, at least one, each once.
  ///   - taskPrompt: a description of the task, which stands behind the separator.
  ///   - examples: few-shot examples, which stand at the end.
  ///   - scratch: working memory, which the calls of one thread share.
  /// - Throws: ``TokenizationError/noLabels``, ``TokenizationError/duplicateLabel(label:first:second:)``,
  ///   ``TokenizationError/emptyLabel(position:)``, ``TokenizationError/labelContainsMarker(label:marker:)``,
  ///   ``TokenizationError/textContainsMarker(what:marker:)``,
  ///   ``TokenizationError/labelsTruncated(lost:total:maximumLength:)``, and the errors of tokenizing.
  public func prompt(
    text: String, labels: [String], taskPrompt: String = "", examples: [PromptExample] = [],
    scratch: inout EncodingScratch
  ) throws(TokenizationError) -> Prompt {
    try check(labels)
    var whole: [UInt8] = []
    if !rules.promptFirst {
      try check(text: text)
      whole += text.utf8
    }
    for label in labels {
      whole += labelMarker.utf8
      whole += label.utf8
    }
    whole += separatorMarker.utf8
    whole += taskPrompt.utf8
    if rules.promptFirst { whole += text.utf8 }
    try append(examples, to: &whole)
    return try tokenize(whole, labelCount: labels.count, &scratch)
  }

  /// The prompt for one text, with working memory of its own.
  /// - Throws: as the other one.
  public func prompt(text: String, labels: [String]) throws(TokenizationError) -> Prompt {
    var scratch = EncodingScratch(cachesWords: false)
    return try prompt(text: text, labels: labels, scratch: &scratch)
  }

  /// Refuses a text whose markers would be taken for those of the labels behind it.
  /// - Throws: ``TokenizationError/textContainsMarker(what:marker:)``.
  package func check(text: String) throws(TokenizationError) {
    guard !rules.promptFirst else { return }
    for marker in rules.readsSeparator ? [labelMarker, separatorMarker] : [labelMarker]
    where text.containsBytes(of: marker) {
      throw .textContainsMarker(what: "text", marker: marker)
    }
  }

  /// Refuses a list of labels that no prompt is made of.
  /// - Throws: as ``prompt(text:labels:taskPrompt:examples:scratch:)`` for labels.
  package func check(_ labels: [String]) throws(TokenizationError) {
    if labels.isEmpty { throw .noLabels }
    var positions: [ExactBytes: Int] = [:]
    for (position, label) in labels.enumerated() {
      if rules.labelOverflow != .report, label.isBlank { throw .emptyLabel(position: position) }
      for marker in [labelMarker, separatorMarker, exampleMarker] {
        if let marker, label.containsBytes(of: marker) { throw .labelContainsMarker(label: label, marker: marker) }
      }
      if let first = positions.updateValue(position, forKey: ExactBytes(label)) {
        throw .duplicateLabel(label: label, first: first, second: position)
      }
    }
  }

  private func append(_ examples: [PromptExample], to whole: inout [UInt8]) throws(TokenizationError) {
    if examples.isEmpty { return }
    guard let exampleMarker else {
      throw .unknownTokenID(
        path: tokenizer.path, rule: "example token", id: Int(rules.exampleTokenID ?? -1),
        vocabularySize: tokenizer.summary.vocabularySize)
    }
    for (index, example) in examples.enumerated() {
      for marker in [labelMarker, separatorMarker, exampleMarker] {
        let parts = CollectionOfOne(example.text) + example.labels
        if parts.contains(where: { $0.containsBytes(of: marker) }) {
          throw .textContainsMarker(what: "example \(index + 1)", marker: marker)
        }
      }
      whole += exampleMarker.utf8
      whole += "\(example.text) \nLabels:\n \(example.labels.joined(separator: ", "))".utf8
    }
    whole += separatorMarker.utf8
  }

  private func tokenize(
    _ whole: [UInt8], labelCount: Int, _ scratch: inout EncodingScratch
  ) throws(TokenizationError) -> Prompt {
    let shortensText = rules.labelOverflow == .shortenText && !rules.promptFirst
    let room = try room(rules.maximumLength)
    var ids: [Int32] = tokenizer.template.before
    let before = ids.count
    // One more than there is room for: whether anything is cut off.
    try tokenizer.appendIDs(
      ofValidUTF8: whole, limit: shortensText ? .max : min(room, .max - 1) + 1, &scratch, &ids)
    let excess = max(0, ids.count - before - room)
    if excess > 0 {
      let firstLabel = ids[before...].firstIndex(of: rules.labelTokenID) ?? ids.count
      let cut = shortensText ? min(excess, firstLabel - before) : 0
      ids.removeSubrange(firstLabel - cut..<firstLabel)
      ids.removeLast(excess - cut)
    }
    let positions = Array(ids.indices.lazy.filter { ids[$0] == rules.labelTokenID }.prefix(labelCount))
    let lost = labelCount - positions.count
    // Without the separator the text of the last label may be cut off, too.
    let isWhole = positions.last.map { ids[$0...].contains(rules.separatorTokenID) } ?? false
    guard isWhole || rules.labelOverflow == .report else {
      throw .labelsTruncated(lost: max(lost, 1), total: labelCount, maximumLength: rules.maximumLength)
    }
    let separator = ids.firstIndex(of: rules.separatorTokenID)
    ids += tokenizer.template.after
    return Prompt(
      ids: ids, labelPositions: positions, separatorPosition: separator, lostLabelCount: lost,
      maximumLength: rules.maximumLength, isTruncated: excess > 0)
  }
}
