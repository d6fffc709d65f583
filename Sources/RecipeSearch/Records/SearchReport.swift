import Conversion
import DataSets
import ModelCore
import Verification

/// What a search found: data alone, for the command and the file.
package struct SearchReport: Sendable {
  /// What was measured on one half of the texts.
  package struct Half: Sendable {
    package var texts: Int
    package var decisions: Int
    package var measures: Measures

    /// Loss of micro F1 with its interval.
    package var drift: MetricDrift? { measures[.microF1] }
  }

  /// The file of texts.
  package struct Data: Sendable {
    /// Without its folder.
    package var name: String
    package var sha256: String
    /// In the file, looked at or not.
    package var texts: Int

    init(_ data: DataIndex) {
      name = String(data.path.split(separator: "/").last ?? "")
      sha256 = data.sha256
      texts = data.count
    }
  }

  package var bound: Double
  package var settings: MeasureSettings
  package var data: Data
  package var reference: ReferenceSummary
  /// As the metadata of a `.glc` have it: of what was chosen, or else came nearest to keeping the bound.
  package var recipe: JSON
  /// The same by unit.
  package var choices: [(unit: String, choice: String)]
  /// Bytes of the file that it makes.
  package var size: Int
  /// Candidates that were run on all texts of a half.
  package var trialCount: Int
  /// Candidates that were run on few, to find out what single units do.
  package var probeCount: Int
  /// Seconds that the search could take, and whether they ended it.
  package var budget: Double
  package var ranOut: Bool
  /// Whether too few texts were there to choose with a margin.
  package var isMarginal: Bool
  /// On the texts that candidates were compared on.
  package var comparison: Half
  /// On texts that nothing was run on before; `nil` where nothing kept the bound on the others.
  package var judgement: Half?
  /// What was written; `nil` where it was nothing.
  package var summary: ConversionSummary?

  /// Whether what was chosen keeps the bound on the texts it was judged by.
  package var passes: Bool { (judgement?.drift?.interval.upper ?? .nan) <= bound }
}
