import ModelCore

/// What can go wrong while a compiled tokenizer is opened and run, and while prompts are built.
public enum TokenizationError: Diagnostic, Equatable {
  /// The bytes are not a compiled tokenizer section.
  case notATokenizer(path: String, found: String)
  /// A section of a major version that this reader does not know.
  case unsupportedVersion(path: String, found: String, supported: String)
  /// A header field or part that contradicts the section's size or the specification.
  case malformed(path: String, field: String, expected: String, found: String)
  /// A model kind, profile, flag or step that this reader does not implement.
  case unsupported(path: String, field: String, found: String, supported: String)
  /// An entry of `part` was used and leads to `index`, outside of what there is.
  case corrupt(path: String, part: String, index: Int, limit: Int)
  /// The text is not UTF-8 from byte `offset` on.
  case invalidUTF8(offset: Int)
  /// The text has more bytes than are tokenized in one piece.
  case textTooLong(bytes: Int, limit: Int)
  /// A prompt rule names an id that the vocabulary does not have.
  case unknownTokenID(path: String, rule: String, id: Int, vocabularySize: Int)
  /// A list of labels is empty.
  case noLabels
  /// A label contains the text of a marker token, which would shift the scores of all labels after it.
  case labelContainsMarker(label: String, marker: String)
  /// The label at `position`, from 0, is empty or nothing but white space.
  case emptyLabel(position: Int)
  /// The same label is given twice.
  case duplicateLabel(label: String, first: Int, second: Int)
  /// A text, task prompt or example contains a marker in a place where it would be taken for a label's.
  case textContainsMarker(what: String, marker: String)
  /// `lost` of `total` labels do not fit into the maximum length.
  case labelsTruncated(lost: Int, total: Int, maximumLength: Int)
  /// The maximum length leaves no room beside the template's own tokens.
  case maximumLengthTooSmall(found: Int, minimum: Int)
}

extension TokenizationError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .notATokenizer(let path, let found):
      "\(path): tokenizer section: expected the magic \"GLTK\", found \(found)"
    case .unsupportedVersion(let path, let found, let supported):
      "\(path): tokenizer section: unsupported version \(found); supported: \(supported)"
    case .malformed(let path, let field, let expected, let found):
      "\(path): tokenizer section: \(field): expected \(expected), found \(found)"
    case .unsupported(let path, let field, let found, let supported):
      "\(path): tokenizer section: \(field): unsupported value \(found); supported: \(supported)"
    case .corrupt(let path, let part, let index, let limit):
      "\(path): tokenizer section: \(part): expected an index below \(limit), found \(index)"
    case .invalidUTF8(let offset): "text: expected UTF-8, found an invalid byte sequence at byte \(offset)"
    case .textTooLong(let bytes, let limit): "text: expected at most \(limit) bytes, found \(bytes)"
    case .unknownTokenID(let path, let rule, let id, let vocabularySize):
      "\(path): \(rule): expected the id of a token below \(vocabularySize), found \(id)"
    case .noLabels: "labels: expected at least one label, found none"
    case .labelContainsMarker(let label, let marker):
      "label \"\(label)\": expected text without the marker \(marker), found it"
    case .emptyLabel(let position): "label \(position + 1): expected text, found none"
    case .duplicateLabel(let label, let first, let second):
      "label \"\(label)\": expected every label once, found it at positions \(first + 1) and \(second + 1)"
    case .textContainsMarker(let what, let marker): "\(what): expected text without the marker \(marker), found it"
    case .labelsTruncated(let lost, let total, let maximumLength):
      "labels: expected all \(total) within the maximum length of \(maximumLength) tokens, found \(lost) cut off"
    case .maximumLengthTooSmall(let found, let minimum):
      "maximum length: expected at least \(minimum) tokens, found \(found)"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .unsupportedVersion: "use a newer version of the runtime, or convert the model again"
    case .labelsTruncated: "use fewer or shorter labels, a larger maximum length, or have the text shortened instead"
    case .corrupt, .notATokenizer, .malformed: "convert the model again"
    default: nil
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .maximumLengthTooSmall: .usage
    default: .badData
    }
  }
}
