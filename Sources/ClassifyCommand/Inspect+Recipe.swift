import CommandSupport
import ModelCore

/// What the metadata say of how the weights were made what they are (formats/glc.md, "A recipe").
struct RecipeRecord {
  private let recipe: JSONValue?

  /// - Parameter recipe: the member of the metadata.
  init(_ recipe: JSONValue?) { self.recipe = recipe }

  /// Empty where there is nothing to say beside the scheme.
  var summary: [String] {
    var lines: [String] = []
    let keep = recipe?.member("keep")
    let kept = (0..<(keep?.count ?? 0)).compactMap { index in keep.flatMap { Self.kept($0.element(index)) } }
    if !kept.isEmpty { lines.append("  kept        " + kept.joined(separator: ", ")) }
    if let calibration = recipe?.member("calibration"), calibration.isObject {
      func number(_ name: String) -> String { calibration.member(name)?.int.map(String.init) ?? "-" }
      lines.append(
        "  calibrated  on \(number("texts")) texts, \(number("tokens")) tokens of "
          + "\(calibration.member("data")?.string?.onOneLine ?? "-")")
      lines.append("              sha256 \(calibration.member("sha256")?.string?.onOneLine ?? "-")")
    }
    if let vocabulary = recipe?.member("vocabulary"), vocabulary.isObject,
      let kept = vocabulary.member("kept")?.int, let all = vocabulary.member("of")?.int
    {
      let names = vocabulary.member("scripts")
      let scripts = (0..<(names?.count ?? 0)).compactMap { names?.element($0).string?.onOneLine }
      lines.append(
        "  smaller     \(kept) of \(all) tokens"
          + (scripts.isEmpty ? "" : ", scripts \(scripts.joined(separator: ", "))"))
    }
    return lines
  }

  /// As --keep takes it.
  private static func kept(_ element: JSONValue) -> String? {
    guard let pattern = element.member("tensors")?.string, let scheme = element.member("scheme")?.string else {
      return nil
    }
    let size = element.member("group_size").flatMap { $0.string ?? $0.int.map(String.init) }
    return "\(pattern)=\(scheme)".onOneLine + (size.map { ":\($0)" } ?? "")
  }
}
