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
    let model = try GLiClassModel(path: path)
    let verifier = try Verifier(model: model, session: try model.makeSession())
    return try verifier.verify(
      ReferenceOutputs(path: checkpoint + "/reference.jsonl"), data: DataSet(path: checkpoint + "/eval.jsonl"),
      threshold: 0.5, bounds: VerificationBounds(f1Drift: 0.002))
  }

  private func expectBounds(_ checkpoint: String) throws {
    let q8 = try verdict(checkpoint, .q8)
    #expect(q8.passes && q8.microDrift <= 0.002, "\(q8.table)")
    #expect(q8.flipRate <= 0.0015, "\(q8.table)")
    #expect(q8.logitErrors.mean <= 0.02, "\(q8.table)")
    #expect(q8.tokenMismatches == 0 && q8.notes.isEmpty, "\(q8.table)")
    let f32 = try verdict(checkpoint, .f32)
    #expect(f32.flips == 0 && f32.logitErrors.maximum <= 1e-3, "\(f32.table)")
  }

  @Test func demoDataKeepsThem() throws { try expectBounds(Fixtures.debianTags) }

  @Test(.enabled(if: fullData != nil)) func fullDataKeepsThem() throws {
    let checkpoint = try #require(Self.fullData)
    try expectBounds(checkpoint)
  }
}
