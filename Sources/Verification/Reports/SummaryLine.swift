import ModelCore

/// The last line of the table, made for grep: the keys and their order are kept; NaN prints as `NaN`.
extension Verdict {
  var summaryLine: String {
    var fields = ["verdict: \(passes ? "pass" : "FAIL")"]
    if let micro = measures[.microF1] {
      fields.append("micro_f1_drift=\(Figures.error(micro.drift))")
      fields.append("micro_f1_drift_upper=\(Figures.error(micro.interval.upper))")
    }
    fields.append("flips=\(measures.agreement.flipCount)")
    fields.append("max_logit_error=\(Figures.error(measures.logitError.maximum))")
    return fields.joined(separator: " ")
  }
}

extension SuiteVerdict {
  var summaryLine: String {
    var fields = [
      "verdict: \(passes ? "pass" : "FAIL")", "sets=\(rows.count)",
      "failed=\(rows.count { !$0.verdict.passes })",
    ]
    if let micro = average(.microF1) { fields.append("average_micro_f1_drift=\(Figures.error(micro.drift))") }
    fields.append("flips=\(flips)")
    fields.append("max_logit_error=\(Figures.error(largestLogitError))")
    return fields.joined(separator: " ")
  }
}
