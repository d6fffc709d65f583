import Conversion
import Foundation
import GLiClass
import Testing
import Verification

/// The bounds that the q8 conversion of the demo model keeps, measured by the verifier itself.
@Suite final class DemoBoundsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The full data beside the project, an extra that need not be there.
  static let fullData: String? = {
    let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = top.deletingLastPathComponent().appending(path: "shared/models/debian-tags").path()
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  private func verdict(_ checkpoint: String, _ scheme: WeightScheme) throws -> Verdict {
    let path = folder.path + "/\(scheme).glc"
    _ = try Converter(ConversionOptions(input: checkpoint, output: path, scheme: scheme)).run()
    return try VerificationTests.verdict(
      path, reference: checkpoint + "/reference.jsonl", data: checkpoint + "/eval.jsonl"
    ) {
      $0.bounds.f1Drift = 0.002
      $0.bounds.judgesPointEstimate = true
    }
  }

  private func expectBounds(_ checkpoint: String) throws {
    let q8 = try verdict(checkpoint, .q8)
    let measures = q8.measures
    #expect(q8.passes && q8.notes.isEmpty, "\(q8.judgements) \(q8.identity)")
    #expect(measures.agreement.flipRate <= 0.0015 && measures.logitError.mean <= 0.02, "\(measures)")
    let f32 = try verdict(checkpoint, .f32)
    #expect(f32.passes && f32.measures.agreement.flipCount == 0 && f32.measures.logitError.maximum <= 1e-3)
  }

  @Test func demoDataKeepsThem() throws { try expectBounds(Fixtures.debianTags) }

  @Test(.enabled(if: fullData != nil)) func fullDataKeepsThem() throws {
    let checkpoint = try #require(Self.fullData)
    try expectBounds(checkpoint)
  }
}
