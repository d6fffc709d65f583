import ModelCore

/// The verdict for a terminal: at most 100 columns but for names that are longer themselves. The last line is made for grep.
package struct TextReport: Sendable {
  /// Without a line end behind the last line.
  package let text: String

  package init(_ verdict: Verdict) {
    var layout = TextLayout()
    layout.addComparison(verdict)
    layout.addMeasures(verdict)
    if let origin = verdict.origin { layout.add(origin) }
    layout.addWorstTexts(verdict)
    layout.addOutcome(verdict)
    layout.add(verdict.summaryLine)
    text = layout.lines.joined(separator: "\n")
  }

  package init(_ suite: SuiteVerdict) {
    var layout = TextLayout()
    layout.add(suite.modelItem, detailBelow: true, nameWidth: 12)
    layout.blank()
    layout.add(suite.table, title: "data set")
    for note in suite.notes { layout.add(note, prefix: "note: ") }
    layout.blank()
    for row in suite.rows {
      for reason in row.verdict.reasons { layout.add("\(row.name): \(reason)", prefix: "FAIL: ") }
    }
    layout.add(suite.summaryLine)
    text = layout.lines.joined(separator: "\n")
  }
}

extension TextLayout {
  /// Labels that are named as losing most.
  fileprivate static let losers = 5
  fileprivate static let texts = 3
  /// Rows of the table of layers, and decisions of a text, that still show at a glance.
  fileprivate static let layers = 24
  fileprivate static let decisions = 4

  fileprivate mutating func addComparison(_ verdict: Verdict) {
    for item in verdict.compared { add(item, detailBelow: true, nameWidth: 12) }
    let agreeing = verdict.identity.filter(\.agrees).map(\.name)
    if !agreeing.isEmpty {
      add(ReportItem("identity", "alike on both sides: \(agreeing.joined(separator: ", "))"), nameWidth: 12)
    }
    for check in verdict.identity where !check.agrees {
      add(check.sentence, prefix: check.passes ? "            differs, allowed: " : "            FAIL: ")
    }
    blank()
  }

  fileprivate mutating func addMeasures(_ verdict: Verdict) {
    if verdict.measures.metrics.isEmpty {
      add(Verdict.noTruth)
    } else {
      add(verdict.metricTable(Metric.few), title: "metric")
    }
    blank()
    for item in verdict.agreementItems { add(item) }
    blank()
    add(verdict.errorTable, title: "")
    blank()
    if let table = verdict.thresholdTable {
      add(table, title: "")
      blank()
    }
    let losers = verdict.measures.labels.prefix(Self.losers).filter { $0.drift > 0 }.count
    if losers > 0 {
      add(verdict.labelTable(limit: losers), title: "F1 of labels, worst")
      blank()
    } else if !verdict.measures.labels.isEmpty {
      if verdict.measures.labels.allSatisfy({ !$0.drift.isNaN }) { add("no label loses F1") }
      blank()
    }
  }

  fileprivate mutating func add(_ origin: OriginReport) {
    if !origin.layers.isEmpty {
      add(origin.layerTable(limit: Self.layers), title: "error by stage, \(Figures.count(origin.texts, "text"))")
      blank()
    }
    if !origin.tensors.isEmpty {
      add(origin.tensorTable(limit: Self.losers), title: "tensors")
      blank()
    }
    for finding in origin.findings { add("\(finding.place): \(finding.message)", prefix: "finding: ") }
    blank()
  }

  fileprivate mutating func addWorstTexts(_ verdict: Verdict) {
    guard !verdict.worstTexts.isEmpty else { return }
    add("texts with the largest logit errors")
    for text in verdict.worstTexts.prefix(Self.texts) {
      let start = Self.padded("line \(text.line)", to: 11) + " \(Figures.error(text.largestError))  "
      add(start + Self.cut(text.text.legible, to: Self.width - start.count))
      if let position = text.firstTokenDifference { add("            token ids differ from position \(position) on") }
      for decision in text.byError.prefix(Self.decisions) {
        add(
          "            " + Self.padded(Self.cut(decision.label.legible, to: 40), to: 40)
            + Self.padded(Figures.score(Double(decision.referenceLogit)), to: 11, onTheLeft: true) + " -> "
            + Self.padded(Figures.score(Double(decision.modelLogit)), to: 9, onTheLeft: true)
            + (decision.isFlipped ? "  flipped" : ""))
      }
    }
    blank()
  }

  fileprivate mutating func addOutcome(_ verdict: Verdict) {
    for note in verdict.notes { add(note, prefix: "note: ") }
    blank()
    for check in verdict.identity where !check.passes { add(check.sentence, prefix: "FAIL: ") }
    for judgement in verdict.judgements {
      add("\(judgement.sentence) (\(judgement.name))", prefix: judgement.passes ? "pass: " : "FAIL: ")
    }
  }
}
