import ModelCore
import Testing

/// One change to the configuration of debian-tags-f16.
struct Edit: Sendable, CustomTestStringConvertible {
  /// `name` at the top, or `encoder_config.name`.
  let field: String
  /// What it becomes; removed where `nil`.
  let value: JSON?

  init(_ field: String, _ value: JSON?) {
    self.field = field
    self.value = value
  }

  var testDescription: String { "\(field) = \(value?.text() ?? "absent")" }
}

extension JSON {
  /// This object after `edit`.
  func edited(_ edit: Edit) -> JSON {
    guard case .object(var members) = self else { return self }
    let path = edit.field.split(separator: ".", maxSplits: 1).map(String.init)
    let position = members.firstIndex { $0.0 == path[0] }
    if path.count == 2 {
      guard let position else { return self }
      members[position].1 = members[position].1.edited(Edit(path[1], edit.value))
    } else if let value = edit.value {
      if let position { members[position].1 = value } else { members.append((path[0], value)) }
    } else {
      members.removeAll { $0.0 == path[0] }
    }
    return .object(members)
  }
}

/// The configuration of debian-tags-f16 after `edits`.
func configuration(_ edits: [Edit]) throws -> ModelConfiguration {
  let original = try JSONDocument(contentsOf: Fixtures.debianTags + "/config.json").root.json
  return try ModelConfiguration(
    huggingFace: parsed(edits.reduce(original) { $0.edited($1) }.text(), path: "config.json"))
}

func configurationError(_ edits: [Edit]) throws -> ModelCoreError? {
  do {
    _ = try configuration(edits)
    return nil
  } catch let error as ModelCoreError {
    return error
  }
}

extension ModelCoreError {
  /// The field it names.
  var field: String? {
    switch self {
    case .unexpectedJSON(_, let field, _, _), .unsupported(_, let field, _, _): field
    default: nil
    }
  }
}

extension ModelConfiguration {
  /// Every stored value by its name: what a test compares with hand-written values.
  var values: [String: String] {
    var values: [String: String] = [:]
    for part in [encoder, head, prompt] as [Any] {
      for child in Mirror(reflecting: part).children { values[child.label ?? "?"] = "\(child.value)" }
    }
    return values
  }
}
