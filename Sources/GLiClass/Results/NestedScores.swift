/// Scores in the nesting of a request's labels (`build_hierarchical_output` of `gliclass` 0.1.21).
public struct NestedScore: Sendable, Equatable {
  /// A score, or those of a group.
  public indirect enum Value: Sendable, Equatable {
    case score(Float)
    case group([NestedScore])
  }

  /// The name of the label or group by itself.
  public var name: String
  /// What is under that name.
  public var value: Value

  /// A score or group under a name.
  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}

extension Classification {
  /// All scores in the nesting of the request's labels, those lost to the maximum length as 0.
  public var nested: [NestedScore] {
    // Both in the order of the request, `labels` with gaps.
    var scores = labels[...]
    var names = labelSet.names[...]
    func next(_ name: String) -> NestedScore {
      let isScored = scores.first?.label == names.popFirst()
      return NestedScore(name, .score(isScored ? scores.removeFirst().score : 0))
    }
    func build(_ structure: LabelSet.Structure) -> [NestedScore] {
      switch structure {
      case .label(let label): [next(label)]
      case .list(let labels): labels.map(next)
      case .groups(let groups): groups.map { NestedScore($0.name, .group(build($0.labels))) }
      }
    }
    return build(labelSet.structure)
  }
}
