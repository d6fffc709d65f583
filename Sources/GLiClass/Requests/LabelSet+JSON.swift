import ModelCore

extension LabelSet {
  /// Labels from JSON: a list of strings, or an object whose values are lists, strings or objects again.
  /// - Throws: ``GLiClassError/input(_:)``, naming the member.
  public init(json: String, separator: String = ".") throws(GLiClassError) {
    do throws(ModelCoreError) {
      try self.init(JSONDocument(json, path: "labels").root, separator: separator)
    } catch {
      throw .input(error)
    }
  }

  /// Labels from a JSON value.
  package init(_ value: JSONValue, separator: String = ".") throws(ModelCoreError) {
    guard value.isObject || value.count != nil else {
      throw value.unexpected("a list of strings, or an object of such lists")
    }
    self.init(try Structure(value), separator: separator)
  }
}

extension LabelSet.Structure {
  fileprivate init(_ value: JSONValue) throws(ModelCoreError) {
    if let label = value.string {
      self = .label(label)
    } else if value.count != nil {
      self = .list(try value.requireStrings())
    } else if value.isObject {
      var groups: [LabelSet.Group] = []
      for key in value.keys { groups.append(LabelSet.Group(key, try Self(value.required(key)))) }
      self = .groups(groups)
    } else {
      throw value.unexpected("a list of strings, a string or an object")
    }
  }
}

extension JSONValue {
  /// The list of strings.
  package func requireStrings() throws(ModelCoreError) -> [String] {
    var strings: [String] = []
    for element in try elements() { strings.append(try element.requireString()) }
    return strings
  }
}
