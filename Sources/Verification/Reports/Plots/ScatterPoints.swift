import Engine

/// The decisions that are plotted, thinned so that a report stays small.
struct ScatterPoints {
  /// Points that a plot has at most.
  static let limit = 4_000

  /// What lies on the diagonal and what crossed the threshold: the reference's logit and the model's.
  private(set) var wrong: [(x: Double, y: Double)] = []
  private(set) var right: [(x: Double, y: Double)] = []
  private(set) var flipped: [(x: Double, y: Double)] = []
  /// Decisions there were, flipped ones among them, and those that are not finite.
  private(set) var total = 0
  private(set) var flippedTotal = 0
  private(set) var infinite = 0
  let hasTruth: Bool
  /// The logit of the threshold; `nil` where there is none, or none among the points.
  private(set) var threshold: Double?

  var isEmpty: Bool { wrong.isEmpty && right.isEmpty && flipped.isEmpty }
  var all: [(x: Double, y: Double)] { wrong + right + flipped }

  init(_ verdict: Verdict) {
    hasTruth = verdict.data.hasTruth
    let isMultiLabel = verdict.settings.mode == .multiLabel
    let score = verdict.settings.threshold
    threshold = isMultiLabel && score > 0 && score < 1 ? verdict.settings.thresholdLogit : nil
    var same: [ScatterPoint] = []
    var flips: [(x: Double, y: Double)] = []
    // Those of the list are drawn even where they are not among the chosen points.
    var listed: [SIMD2<Float>: Int] = [:]
    for flip in verdict.measures.agreement.flips where flip.referenceLogit.isFinite && flip.modelLogit.isFinite {
      listed[SIMD2(flip.referenceLogit, flip.modelLogit), default: 0] += 1
      flips.append((Double(flip.referenceLogit), Double(flip.modelLogit)))
    }
    for point in verdict.scatter {
      guard point.referenceLogit.isFinite, point.modelLogit.isFinite else {
        infinite += 1
        continue
      }
      let isFlipped =
        isMultiLabel
        && (Scores.sigmoid(point.referenceLogit) >= verdict.settings.threshold)
          != (Scores.sigmoid(point.modelLogit) >= verdict.settings.threshold)
      let place = SIMD2(point.referenceLogit, point.modelLogit)
      if let left = listed[place], left > 0 {
        listed[place] = left - 1
        continue
      }
      if isFlipped {
        flips.append((Double(point.referenceLogit), Double(point.modelLogit)))
      } else {
        same.append(point)
      }
    }
    total = verdict.data.decisions
    flippedTotal = verdict.measures.agreement.flipCount
    flipped = Self.thinned(flips, to: Self.limit)
    for point in Self.thinned(same, to: Self.limit - flipped.count) {
      let place = (Double(point.referenceLogit), Double(point.modelLogit))
      if point.isTrue == true { right.append(place) } else { wrong.append(place) }
    }
    let values = all.flatMap { [$0.x, $0.y] }
    if let place = threshold, let least = values.min(), let most = values.max(), place < least || place > most {
      threshold = nil
    }
  }

  /// A class more for dots where a few would be lost on the area.
  var size: String { all.count <= 200 ? "few " : "" }

  /// Evenly chosen ones, the first among them.
  private static func thinned<Element>(_ elements: [Element], to count: Int) -> [Element] {
    guard elements.count > count else { return elements }
    return (0..<max(0, count)).map { elements[$0 * elements.count / count] }
  }

  /// How much of all is drawn.
  var sentence: String {
    let drawn = wrong.count + right.count + flipped.count
    var text =
      drawn + infinite >= total
      ? "All \(Figures.count(drawn, "decision")) are drawn"
      : "\(Figures.count(drawn)) of \(Figures.count(total, "decision")) are drawn"
    if flippedTotal == 0 {
      text += "; none is flipped."
    } else if flipped.count >= flippedTotal {
      text += ", all \(Figures.count(flippedTotal)) flipped ones among them."
    } else {
      text += ", \(Figures.count(flipped.count)) of \(Figures.count(flippedTotal)) flipped ones among them."
    }
    if infinite > 0 { text += " \(Figures.count(infinite, "decision")) without a finite logit cannot be drawn." }
    return text
  }
}
