/// How many texts a search has time for.
package struct TextCounts {
  /// What was measured beforehand, in seconds.
  package struct Costs {
    /// One conversion.
    package var conversion: Double
    /// One text, through a candidate and through the reference.
    package var text: Double
    package var reference: Double

    package init(conversion: Double, text: Double, reference: Double) {
      self.conversion = conversion
      self.text = text
      self.reference = reference
    }
  }

  /// Candidates that are run on few texts, and on all of a half.
  private let probes: Int
  private let trials: Int

  package init(probes: Int, trials: Int) { (self.probes, self.trials) = (probes, trials) }

  /// Texts that effects of single units are measured on.
  static let probeTexts = 128
  /// Texts of both halves that are looked at whatever the budget.
  static let fewest = 64
  /// Trials that a search is planned with.
  static let plannedTrials = 32

  /// Texts of both halves: all where there is time, else the largest power of two. A little slower or faster, and the number is
  /// the same.
  package func count(of all: Int, _ costs: Costs, seconds: Double) -> Int {
    Self.largest(of: all, fewest: Self.fewest) { self.seconds($0, costs) <= seconds }
  }

  /// All, or else the largest power of two times `fewest` that fits; at least `fewest`, fit or not.
  static func largest(of all: Int, fewest: Int, where fits: (Int) -> Bool) -> Int {
    var best = min(all, fewest)
    var count = fewest
    while best < all {
      count = min(all, count * 2)
      guard fits(count) else { break }
      best = count
    }
    return best
  }

  /// What a search with that many texts takes.
  package func seconds(_ count: Int, _ costs: Costs) -> Double {
    let half = Double(count) / 2
    let probing = Double(probes) * (costs.conversion + Double(min(Self.probeTexts, count / 2)) * costs.text)
    let trying = Double(trials) * (costs.conversion + half * costs.text)
    return probing + trying + Double(count) * costs.reference + judging(count, costs)
  }

  /// What comes behind the search: two conversions, and one run over the other half.
  func judging(_ count: Int, _ costs: Costs) -> Double { 2 * costs.conversion + Double(count) / 2 * costs.text }
}
