import Calibration
import Checkpoints
import ModelCore
import Quantization

/// A recipe with what calibration texts say of it.
public struct Calibrated: Sendable {
  /// With its record and solutions.
  public var recipe: QuantizationRecipe
  /// What was read.
  public var texts: CalibrationTexts
  /// What was measured.
  public var report: CalibrationReport
  /// The texts themselves.
  package var lookedAt: [String]
}

/// Looks at activations on texts, and finds for every linear layer what is to become of it.
public struct Calibrator {
  /// Texts that are looked at where nobody says how many.
  public static let defaultTextLimit = 128

  private let source: ConversionSource

  /// - Throws: as conversion.
  public init(_ options: ConversionOptions) throws(ConversionError) {
    self.init(try ConversionSource(options, hashing: false))
  }

  package init(_ source: ConversionSource) { self.source = source }

  /// - Parameters:
  ///   - recipe: says which layers become int8 or int4, and which steps are taken.
  ///   - path: texts, a text a line or JSON with labels where it has them.
  ///   - limit: the most texts that are looked at, the first of the file.
  ///   - progress: called with the part of the work that is done, 0 to 1.
  public func calibrate(
    _ recipe: QuantizationRecipe, path: String, limit: Int = defaultTextLimit, progress: (Double) -> Void = { _ in }
  ) throws(ConversionError) -> Calibrated {
    let inputs = try CalibrationInputs(path: path, limit: limit, source)
    let digest = try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in try SourceDigest.file(path) }
    let resolved = try ResolvedRecipe(recipe, source)
    let rows = LinearGroup.all(source.mapping.table, source.checkpoint.configuration.encoder).flatMap(\.members)
    let schemes = Dictionary(rows.map { ($0.layerName, resolved.form(of: $0.name).scheme) }) { first, _ in first }
    let run = CalibrationRun(source.checkpoint, inputs: inputs.ids, settings: CalibrationSettings(recipe.steps))
    guard schemes.contains(where: { $0.value != nil }) else {
      throw .recipe(field: "calibration", expected: "layers in q8 or q4", found: "none")
    }
    let found: [String: LinearSolution]
    let report: CalibrationReport
    do throws(CalibrationError) {
      (found, report) = try run.run(scheme: { schemes[$0] ?? nil }, progress: progress)
    } catch {
      // A text is seldom what is wrong.
      if error.isNotFinite { try FiniteCheck.run(source) }
      throw .calibration(error)
    }
    var calibrated = recipe
    let table = source.mapping.table.row("embeddings.tokens")
    for row in rows + [table] { calibrated.solutions[row.name] = found[row.layerName] }
    calibrated.calibration = CalibrationRecord(
      data: SourceFiles.name(path), sha256: SourceDigest.hexadecimal(digest.sha256), texts: report.inputs,
      tokens: report.tokens)
    return Calibrated(recipe: calibrated, texts: inputs.counts, report: report, lookedAt: inputs.texts)
  }
}

extension TensorRow {
  /// The name of the linear layer in the checkpoint.
  fileprivate var layerName: String { String(source.dropLast(".weight".count)) }
}

extension TensorForm {
  /// How it is quantized, `nil` where it is not.
  fileprivate var scheme: IntegerScheme? {
    switch encoding {
    case .int8: .int8
    case .int4: .int4(groupSize: groupSize)
    case .f32, .f16, .bf16: nil
    }
  }
}

extension CalibrationSettings {
  init(_ steps: QuantizationSteps) {
    self.init()
    inputScales = steps.inputScales
    errorWeights = steps.errorWeights
    gptq = steps.gptq
    biasCorrection = steps.biasCorrection
  }
}
