import Engine
import Foundation
import TestSupport
import Testing

/// Log buckets against those that `transformers` computes (Scripts/relative_bucket_vectors.py).
@Suite struct RelativePositionTests {
  private struct Vectors: Decodable {
    struct Case: Decodable {
      var position_buckets: Int
      var max_position: Int
      /// The first distance of each bucket.
      var first_distance: [Int]
    }
    var last_distance: Int
    var cases: [Case]
  }

  @Test func bucketsAreThoseOfTransformers() throws {
    let vectors = try JSONDecoder().decode(
      Vectors.self, from: Data(contentsOf: URL(filePath: Fixtures.path("buckets.json"))))
    #expect(vectors.cases.count >= 6)
    for vector in vectors.cases {
      var bucket = 0
      for distance in 0...vectors.last_distance {
        while bucket + 1 < vector.first_distance.count, vector.first_distance[bucket + 1] <= distance { bucket += 1 }
        let found = RelativePositions.bucket(distance, vector.position_buckets, vector.max_position)
        #expect(
          found == bucket, "distance \(distance), \(vector.position_buckets) buckets to \(vector.max_position)")
      }
    }
  }

  @Test func logarithmIsAccurate() {
    for exponent in -40...40 {
      for step in 0..<50 {
        let x = Foundation.pow(2, Double(exponent)) * (1 + Double(step) / 50)
        let expected = Foundation.log(x)
        #expect(abs(RelativePositions.naturalLogarithm(x) - expected) <= 4e-16 * max(1, abs(expected)))
      }
    }
  }
}
