/// When a candidate fits, and how long one that fits is looked for.
package struct SearchRule: Sendable {
  /// Largest loss of micro F1, upper end of the interval included.
  package let bound: Double
  /// Candidates in a row that may fail before a search ends.
  package var patience = 24
  /// The part of a candidate's price that another must save to be tried.
  package var leastSaving = 0.001

  /// The rule for a bound.
  package init(bound: Double) { self.bound = bound }

  /// Whether a candidate keeps the bound, and is believed to keep it on other texts.
  func fits(_ measured: Measured) -> Bool { measured.upper <= bound && measured.reach <= bound }
}
