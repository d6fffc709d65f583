import ModelCore

/// The verdict as the XML of JUnit's Ant task, as Jenkins, GitLab and GitHub's actions read it: every bound and every check of identity is a
/// test case. `time` is 0 throughout: a report that two machines should agree on tells no time.
package struct JUnitReport: Sendable {
  package let text: String

  package init(_ verdict: Verdict) {
    text = Self.document([Suite(name: "gliclass-verify", verdict: verdict)])
  }

  package init(_ suite: SuiteVerdict) {
    text = Self.document(suite.rows.map { Suite(name: $0.name, verdict: $0.verdict) })
  }

  private static func document(_ suites: [Suite]) -> String {
    // The schema that Jenkins' xUnit plugin validates against has no `skipped` here.
    let counts = counts(of: suites.flatMap(\.cases)).filter { $0.name != "skipped" }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gliclass-verify\"\(attributes(counts))>\n"
      + suites.map(\.text).joined() + "</testsuites>\n"
  }

  fileprivate static func counts(of cases: [Case]) -> [(name: String, value: String)] {
    [
      ("tests", "\(cases.count)"), ("failures", "\(cases.count { $0.outcome == .failed })"), ("errors", "0"),
      ("skipped", "\(cases.count { $0.outcome == .skipped })"), ("time", "0"),
    ]
  }

  fileprivate static func attributes(_ list: [(name: String, value: String)]) -> String {
    list.map { " \($0.name)=\"\($0.value)\"" }.joined()
  }

  fileprivate struct Case {
    enum Outcome { case passed, failed, skipped }

    var name: String
    /// What groups cases in the readers' trees.
    var group: String
    var outcome: Outcome
    /// On one line, what was expected and found.
    var message: String
  }

  fileprivate struct Suite {
    let name: String
    let verdict: Verdict
    let cases: [Case]

    init(name: String, verdict: Verdict) {
      self.name = name
      self.verdict = verdict
      var cases = verdict.identity.map { check in
        Case(
          name: check.name, group: "identity", outcome: check.agrees ? .passed : check.isAllowed ? .skipped : .failed,
          message: check.agrees ? check.sentence : "\(check.isAllowed ? "allowed: " : "")\(check.sentence)")
      }
      cases += verdict.judgements.map { judgement in
        Case(
          name: judgement.title, group: "bounds", outcome: judgement.passes ? .passed : .failed,
          message: "found \(judgement.figure), bound: \(judgement.limit) (\(judgement.name))")
      }
      // Jenkins takes a file without a test case for a mistake.
      if cases.isEmpty { cases = [Case(name: "compared", group: "verdict", outcome: .passed, message: "no bounds")] }
      self.cases = cases
    }
  }
}

extension JUnitReport.Suite {
  fileprivate var text: String {
    let list = JUnitReport.attributes(JUnitReport.counts(of: cases))
    let properties = self.properties.map {
      "      " + Markup.element("property", ["name": $0.0, "value": $0.1.onOneLine]) + "\n"
    }.joined()
    return "  <testsuite name=\"\(Markup.escaped(name))\"\(list)>\n    <properties>\n\(properties)    </properties>\n"
      + cases.map(text).joined() + "    " + Markup.element("system-out", [:], Markup.escaped(verdict.summaryLine))
      + "\n  </testsuite>\n"
  }

  private func text(_ testCase: JUnitReport.Case) -> String {
    let head =
      "    <testcase name=\"\(Markup.escaped(testCase.name))\" "
      + "classname=\"\(Markup.escaped(name.replacing(".", with: "_"))).\(testCase.group)\" time=\"0\""
    switch testCase.outcome {
    case .passed: return head + "/>\n"
    case .skipped:
      return head + ">" + Markup.element("skipped", ["message": testCase.message.onOneLine]) + "</testcase>\n"
    case .failed:
      let failure = Markup.element(
        "failure", ["message": testCase.message.onOneLine, "type": testCase.group],
        Markup.escaped(([testCase.message] + explanation).map(\.onOneLine).joined(separator: "\n")))
      return head + ">\n      \(failure)\n    </testcase>\n"
    }
  }

  /// What a reader of a failure looks for next.
  private var explanation: [String] {
    var lines = verdict.origin?.findings.map { "finding: \($0.place): \($0.message)" } ?? []
    lines += verdict.measures.labels.prefix(5).filter { $0.drift > 0 }.map {
      "label: \($0.label): F1 \(Figures.score($0.reference.f1)) to \(Figures.score($0.model.f1)), support \($0.support)"
    }
    if let worst = verdict.worstTexts.first {
      lines.append(
        "largest logit error: \(Figures.error(worst.largestError)), line \(worst.line) of \(verdict.data.path)")
    }
    return lines + verdict.notes.map { "note: \($0)" }
  }

  private var properties: [(String, String)] {
    var list = [
      ("model", verdict.model.path), ("reference", verdict.reference.path), ("producer", verdict.reference.producer),
      ("data", verdict.data.path), ("data_sha256", verdict.data.sha256), ("texts", "\(verdict.data.texts)"),
      ("decisions", "\(verdict.data.decisions)"), ("flips", "\(verdict.measures.agreement.flipCount)"),
      ("max_logit_error", Figures.error(verdict.measures.logitError.maximum)),
    ]
    if let digest = verdict.model.contentDigest { list.append(("content_digest", digest)) }
    for metric in verdict.measures.metrics where metric.metric == .microF1 || metric.metric == .macroF1 {
      list.append(("\(metric.metric.rawValue)_drift", Figures.error(metric.drift)))
    }
    return list
  }
}
