/// Candidates from the smallest to the largest, each with less expected error than all that cost less: what is left of all candidates when
/// those are taken out that others beat in both. Where there are too many, some of nearly the same price are left out as well.
package struct Frontier {
  /// Choices of every unit, one list a candidate, prices ascending.
  package let candidates: [[Int]]

  /// Points that are kept at a time; with so many a step is a fraction of a thousandth of the whole.
  private static let limit = 4096

  /// A candidate of the first few units.
  private struct Point {
    var price: Int
    var effect: Double
    /// The point of the units before, and the choice of the last.
    var origin: Int
    var choice: Int
  }

  package init(_ problem: SearchProblem, effects: [[Double]]) {
    var layers: [[Point]] = []
    var points = [Point(price: 0, effect: 0, origin: 0, choice: 0)]
    for unit in problem.prices.indices {
      var next: [Point] = []
      next.reserveCapacity(points.count * problem.prices[unit].count)
      for (origin, point) in points.enumerated() {
        for choice in problem.prices[unit].indices {
          next.append(
            Point(
              price: point.price + problem.prices[unit][choice], effect: point.effect + effects[unit][choice],
              origin: origin, choice: choice))
        }
      }
      points = Self.thinned(Self.unbeaten(next))
      layers.append(points)
    }
    var candidates = points.indices.map { index in
      var (choices, position) = ([Int](), index)
      for layer in layers.reversed() {
        choices.append(layer[position].choice)
        position = layer[position].origin
      }
      return Array(choices.reversed())
    }
    // Effects are estimates: the largest is the largest.
    if candidates.last != problem.largest { candidates.append(problem.largest) }
    self.candidates = candidates
  }

  /// Those with less effect than all that cost less, by price.
  private static func unbeaten(_ points: [Point]) -> [Point] {
    let sorted = points.sorted {
      ($0.price, $0.effect, $0.origin, $0.choice) < ($1.price, $1.effect, $1.origin, $1.choice)
    }
    var kept: [Point] = []
    for point in sorted where point.effect < kept.last?.effect ?? .infinity { kept.append(point) }
    return kept
  }

  /// At most ``limit``: the best of each span of prices, and both ends.
  private static func thinned(_ points: [Point]) -> [Point] {
    guard points.count > limit, let first = points.first, let last = points.last else { return points }
    let span = max(1, (last.price - first.price) / (limit - 2) + 1)
    var kept = [first]
    for (point, next) in zip(points.dropFirst(), points.dropFirst(2)) {
      let own = (point.price - first.price) / span
      if (next.price - first.price) / span != own { kept.append(point) }
    }
    kept.append(last)
    return kept
  }
}
