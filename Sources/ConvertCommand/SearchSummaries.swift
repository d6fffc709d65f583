import Conversion
import ModelCore
import RecipeSearch
import Verification

extension SearchReport {
  /// What was found, for people.
  var text: String {
    guard let summary else {
      return lines("nothing written: \(refusal)", rows)
    }
    return lines(summary.output, summary.rows + rows)
  }

  /// Why there is no file.
  private var refusal: String {
    let bound = "micro F1 within \(Formatting.decimals(bound, 5))"
    if judgement != nil { return "what kept \(bound) where it was chosen does not where it was judged" }
    return ranOut ? "in the time given, nothing that kept \(bound) was found" : "nothing keeps \(bound)"
  }

  private var rows: [(name: String, text: String)] {
    var rows = [
      (
        "data",
        "\(data.name), \(data.texts) texts: \(comparison.texts) to compare on"
          + (judgement.map { ", \($0.texts) to judge by" } ?? "")
      ),
      (
        "searched",
        "\(trialCount) recipes on these, \(probeCount) on few"
          + (ranOut ? "; the budget of \(minutes) ran out" : "")
      ),
    ]
    if summary == nil { rows.append(("nearest", Formatting.size(size))) }
    for (choice, units) in grouped { rows.append((choice, units)) }
    rows.append(("compared", comparison.text(settings)))
    if let judgement { rows.append(("judged", "\(judgement.text(settings)); bound \(Formatting.decimals(bound, 5))")) }
    if isMarginal { rows.append(("margin", "too few texts to choose by: more of them would find smaller recipes")) }
    return rows
  }

  private var minutes: String { "\(Formatting.decimals(budget / 60, 1)) minutes" }

  /// Choices with the units that have them, in the order of first appearance.
  private var grouped: [(choice: String, units: String)] {
    var groups: [(choice: String, units: [String])] = []
    for (unit, choice) in choices {
      if let index = groups.firstIndex(where: { $0.choice == choice }) {
        groups[index].units.append(unit)
      } else {
        groups.append((choice, [unit]))
      }
    }
    return groups.map { ($0.choice, $0.units.joined(separator: ", ")) }
  }
}

extension SearchReport.Half {
  fileprivate func text(_ settings: MeasureSettings) -> String {
    guard let drift else { return "-" }
    let percent = Formatting.decimals(settings.confidence * 100, 0)
    return "micro F1 \(Formatting.decimals(drift.model, 4)), drift \(Formatting.signed(drift.drift, 4)) (\(percent) %: "
      + "\(Formatting.signed(drift.interval.lower, 4)) to \(Formatting.signed(drift.interval.upper, 4))), "
      + "\(measures.agreement.flipCount) of \(decisions) decisions flipped"
  }
}

extension SensitivityReport {
  /// The ranking as a table.
  var text: String {
    var cells = [["unit", "as", "mean error", "largest", "flips", "F1 drift", "saved"]]
    for row in rows + [whole] { cells.append(Self.cells(row)) }
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let table = cells.map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column < 2 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }
    return
      (["each alone, all else in f32, on \(texts) of the \(data.texts) texts of \(data.name): \(decisions) decisions"]
      + table).joined(separator: "\n")
  }

  private static func cells(_ row: Row) -> [String] {
    [
      row.unit, row.form, Formatting.decimals(row.meanError, 6), Formatting.decimals(row.largestError, 4),
      "\(row.flips)", row.drift.map { Formatting.signed($0.drift, 5) } ?? "-", Formatting.size(row.saved),
    ]
  }
}
