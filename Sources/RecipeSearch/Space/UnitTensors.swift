import Conversion
import ModelCore

/// Tensors that are stored alike, before it is known what there is to choose.
struct UnitTensors {
  enum Kind {
    /// Linear layers of the encoder, which multiply the same rows.
    case layer
    case embeddings
    /// Projected relative embeddings.
    case relative
    /// Everything else: head, convolution, embedding projection.
    case other
  }

  let kind: Kind
  let name: String
  let patterns: [String]
  let rows: [TensorRow]

  /// Whether all of them must be of integers, or none (formats/glc.md, "Tensors").
  var mustAgree: Bool { kind == .layer || name == Self.projectors }

  private static let projectors = "head.projectors"

  /// All tensors that a recipe has a say in: the encoder's layers in run order, embeddings, relative embeddings, then the rest by name.
  static func all(_ source: ConversionSource) -> [UnitTensors] {
    let rows = source.mapping.rows.map(\.row).filter(\.role.isWeight)
    let byName = Dictionary(rows.map { ($0.name, $0) }) { first, _ in first }
    var units = source.linearGroupNames.map { names in
      UnitTensors(kind: .layer, name: title(of: names), patterns: names, rows: names.compactMap { byName[$0] })
    }
    var taken = Set(units.flatMap { $0.rows.map(\.name) })
    func add(_ kind: Kind, _ name: String, _ patterns: [String], where isMember: (TensorRow) -> Bool) {
      let members = rows.filter { !taken.contains($0.name) && isMember($0) }
      guard !members.isEmpty else { return }
      taken.formUnion(members.map(\.name))
      units.append(
        UnitTensors(
          kind: kind, name: name, patterns: patterns.isEmpty ? members.map(\.name) : patterns, rows: members))
    }
    add(.embeddings, "embeddings", []) { $0.role == .embeddingTable }
    add(.relative, "relative_embeddings", ["layers.*.attention.relative_*"]) { row in
      if case .projectedRelative = row.role { true } else { false }
    }
    add(.other, projectors, ["head.text.*", "head.classes.*"]) {
      $0.name.hasPrefix("head.text.") || $0.name.hasPrefix("head.classes.")
    }
    // As `head.scorer` and `convolution`: what is small is kept together.
    for row in rows where !taken.contains(row.name) {
      let parts = row.name.split(separator: ".")
      let prefix = parts.prefix(max(1, min(2, parts.count - 1))).joined(separator: ".")
      add(.other, prefix, ["\(prefix).*"]) { $0.name.hasPrefix("\(prefix).") }
    }
    return units
  }

  /// `layers.0.attention.query+key+value` of the names of three weights.
  private static func title(of names: [String]) -> String {
    let parts = names.map { $0.split(separator: ".").dropLast() }
    let stem = parts.first?.dropLast().joined(separator: ".") ?? ""
    return "\(stem).\(parts.compactMap { $0.last.map(String.init) }.joined(separator: "+"))"
  }
}
