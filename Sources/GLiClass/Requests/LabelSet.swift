/// The labels of a request: a list, or groups of any depth whose nesting the output can have too.
///
/// The model reads flat names: those of a group get its name and a separator put before them
/// (`flatten_hierarchical_labels` of `gliclass` 0.1.21), as in `sentiment.positive`.
public struct LabelSet: Sendable, Equatable {
  /// Labels, or groups of them by name.
  public indirect enum Structure: Sendable, Equatable {
    case label(String)
    case list([String])
    case groups([Group])
  }

  /// Labels under one name.
  public struct Group: Sendable, Equatable {
    /// The group's own name, without those above it.
    public var name: String
    /// What is in it.
    public var labels: Structure

    /// A group.
    public init(_ name: String, _ labels: Structure) {
      self.name = name
      self.labels = labels
    }

    /// A group of labels without groups of its own.
    public init(_ name: String, _ labels: [String]) { self.init(name, .list(labels)) }
  }

  /// The labels as they were given.
  public let structure: Structure
  /// What stands between the name of a group and those in it.
  public let separator: String
  /// Flat names in order: what the model reads, and what scores are given to.
  public let names: [String]

  /// A list of labels.
  public init(_ labels: [String]) { self.init(.list(labels)) }

  /// Groups of labels.
  public init(_ groups: [Group], separator: String = ".") { self.init(.groups(groups), separator: separator) }

  init(_ structure: Structure, separator: String = ".") {
    self.structure = structure
    self.separator = separator
    var names: [String] = []
    Self.flatten(structure, prefix: "", separator, into: &names)
    self.names = names
  }

  private static func flatten(
    _ structure: Structure, prefix: String, _ separator: String, into names: inout [String]
  ) {
    switch structure {
    case .label(let label): names.append(join(prefix, separator, label))
    case .list(let labels): names += labels.map { join(prefix, separator, $0) }
    case .groups(let groups):
      for group in groups {
        flatten(group.labels, prefix: join(prefix, separator, group.name), separator, into: &names)
      }
    }
  }

  private static func join(_ prefix: String, _ separator: String, _ name: String) -> String {
    prefix.isEmpty ? name : prefix + separator + name
  }
}
