import Glibc
import ModelCore

/// Which row of the relative embedding table belongs to a pair of tokens
/// (`build_relative_position` and `make_log_bucket_position` of `modeling_deberta_v2.py`).
package struct RelativePositions: Sendable {
  /// Tokens of the input.
  let tokenCount: Int
  // Entry `key - query + tokenCount - 1` belongs to that pair, so the entries of one query are consecutive.
  private let contentToPosition: [Int]
  private let positionToContent: [Int]

  init(tokenCount: Int, _ encoder: EncoderConfiguration) {
    self.tokenCount = tokenCount
    let span = encoder.relativeSpan
    let distances = -(tokenCount - 1)...(tokenCount - 1)
    func bucket(_ distance: Int) -> Int {
      // Without buckets, every distance is one of its own.
      guard encoder.positionBuckets > 0 else { return distance }
      return Self.bucket(distance, bucketCount: span, maximumPosition: encoder.maximumRelativePosition)
    }
    contentToPosition = distances.map { min(max(bucket(-$0) + span, 0), 2 * span - 1) }
    positionToContent = distances.map { min(max(-bucket($0) + span, 0), 2 * span - 1) }
  }

  /// For each key, the row that the query at `query` multiplies: `clamp(bucket(query - key) + span, 0, 2 · span - 1)`.
  func contentToPositionRows(query: Int) -> ArraySlice<Int> {
    contentToPosition[tokenCount - 1 - query..<2 * tokenCount - 1 - query]
  }

  /// For each key, the row that it multiplies for the query at `query`:
  /// `clamp(-bucket(key - query) + span, 0, 2 · span - 1)`.
  func positionToContentRows(query: Int) -> ArraySlice<Int> {
    positionToContent[tokenCount - 1 - query..<2 * tokenCount - 1 - query]
  }

  /// The signed bucket of a distance: the distance itself up to half the buckets, logarithmic beyond. In single
  /// precision, as torch computes it.
  package static func bucket(_ distance: Int, bucketCount: Int, maximumPosition: Int) -> Int {
    let middle = bucketCount / 2
    let magnitude = distance < middle && distance > -middle ? middle - 1 : abs(distance)
    if magnitude <= middle { return distance }
    let end = Float(Double(maximumPosition - 1) / Double(middle))
    let position = logf(Float(magnitude) / Float(middle)) / logf(end) * Float(middle - 1)
    return distance.signum() * Int(position.rounded(.up) + Float(middle))
  }
}
