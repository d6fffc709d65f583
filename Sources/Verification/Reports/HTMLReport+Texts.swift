import Engine
import ModelCore

extension WorstText {
  /// Labels that are shown at most, those with the largest errors.
  private static let limit = 30

  /// Text, tokens, and both sides' scores of every label.
  func html(_ settings: MeasureSettings, _ data: DataSummary) -> String {
    let error = "largest error \(Figures.error(largestError))"
    return [
      "<h3>Line \(Figures.count(line)) <span class=\"quiet\">\(error)</span></h3>",
      "<blockquote dir=\"auto\">\(Markup.escaped(text.cut(to: HTMLPage.longest)))</blockquote>",
      HTMLPage.folded(Figures.count(tokens.count, "token"), chips, isOpen: firstTokenDifference != nil),
      firstTokenDifference == nil ? "" : "<p><b class=\"fail\">Token ids differ</b>\(Markup.escaped(tokenNote)).</p>",
      table(settings, hasTruth: data.hasTruth),
    ].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var tokenNote: String {
    guard let position = firstTokenDifference else { return "" }
    return ", from position \(Figures.count(position)) on"
      + (tokens.indices.contains(position) ? "" : ", beyond those shown")
  }

  private var chips: String {
    let chips = tokens.enumerated().map { index, token in
      let text = Markup.escaped(token.cut(to: 100))
      if index == firstTokenDifference { return "<mark title=\"the first that differs\">\(text)</mark>" }
      return token.isSpecialToken ? "<b>\(text)</b>" : "<span>\(text)</span>"
    }
    return "<div class=\"tokens\">\(chips.joined())</div>"
  }

  private func table(_ settings: MeasureSettings, hasTruth: Bool) -> String {
    let scores = (scores(settings, \.referenceLogit), scores(settings, \.modelLogit))
    let positions = Dictionary(uniqueKeysWithValues: decisionsByError.prefix(Self.limit).enumerated().map { ($1, $0) })
    let shown = decisions.indices.filter { positions[$0] != nil }
    let rows = shown.map { index in
      let decision = decisions[index]
      let difference = Double(decision.modelLogit) - Double(decision.referenceLogit)
      return "<tr\(decision.isFlipped ? " class=\"bad\"" : "")><th scope=\"row\" class=\"name\">"
        + "\(HTMLPage.isolated(decision.label, limit: 200))</th>"
        + (hasTruth ? "<td>\(decision.isTrue.map { $0 ? "yes" : "no" } ?? "–")</td>" : "")
        + Self.cell(scores.0[index], side: "reference") + Self.cell(scores.1[index], side: "model")
        + "<td class=\"n\">\(HTMLPage.number(Figures.score(Double(decision.referenceLogit))))</td>"
        + "<td class=\"n\">\(HTMLPage.number(Figures.score(Double(decision.modelLogit))))</td>"
        + "<td class=\"n\">\(HTMLPage.number(Figures.drift(difference)))</td>"
        + "<td>\(decision.isFlipped ? "<b class=\"fail\">flipped</b>" : "")</td></tr>"
    }
    let caption = "Labels of line \(line)"
    let heads =
      ["<th scope=\"col\" class=\"name\">label</th>"] + (hasTruth ? ["<th scope=\"col\">truth</th>"] : [])
      + ["score, reference", "score, model", "logit, reference", "logit, model", "error"].map {
        "<th scope=\"col\" class=\"n\">\($0)</th>"
      } + ["<th scope=\"col\">decision</th>"]
    let omitted =
      shown.count < decisions.count
      ? HTMLPage.paragraph(
        "The \(shown.count) of \(Figures.count(decisions.count)) labels with the largest errors.", quiet: true) : ""
    return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(caption)\">\n<table>\n<thead><tr>"
      + "\(heads.joined())</tr></thead>\n<tbody>\n\(rows.joined(separator: "\n"))\n</tbody>\n</table>\n</div>\(omitted)"
  }

  private func scores(_ settings: MeasureSettings, _ logit: (Decision) -> Float) -> [Float] {
    let logits = decisions.map(logit)
    switch settings.mode {
    case .multiLabel: return logits.map { $0.isNaN ? .nan : Scores.sigmoid($0) }
    case .singleLabel: return logits.contains(where: \.isNaN) ? logits.map { _ in .nan } : Scores.softmax(logits)
    }
  }

  private static func cell(_ score: Float, side: String) -> String {
    let width = score.isFinite ? Formatting.decimals(Double(score) * 100, 1) : "0"
    return "<td class=\"n\"><span class=\"score\"><i><s class=\"\(side)\" style=\"width:\(width)%\"></s></i>"
      + "\(Formatting.decimals(Double(score), 4))</span></td>"
  }
}

extension String {
  /// Whether a piece looks like one that stands for no text: `[CLS]`, `<<LABEL>>`, `</s>`, `<|endoftext|>`, but not a byte as `<0x0A>`.
  fileprivate var isSpecialToken: Bool {
    guard count > 2, !hasPrefix("<0x") else { return false }
    return (hasPrefix("[") && hasSuffix("]")) || (hasPrefix("<") && hasSuffix(">"))
  }
}
