import Conversion
import GLiClass
import Glibc
import ModelCore

/// A conversion that nobody keeps: its file loses its name as soon as it is open, and its bytes with the model.
struct CandidateFile {
  let model: GLiClassModel
  /// Bytes of the file.
  let size: Int
  let summary: ConversionSummary

  /// Converts `source` by `recipe` into a file beside `path`.
  static func make(
    _ recipe: QuantizationRecipe, _ source: ConversionSource, options: ConversionOptions, beside path: String
  ) throws(RecipeSearchError) -> CandidateFile {
    var options = options
    options.recipe = recipe
    options.output = "\(path).candidate-\(getpid())"
    options.isTemporary = true
    defer { unlink(options.output) }
    let own = options
    let summary = try lifting { () throws(ConversionError) in try Converter(own).run(source) }
    let model = try lifting { () throws(GLiClassError) in try GLiClassModel(path: own.output) }
    return CandidateFile(model: model, size: summary.outputSize, summary: summary)
  }
}
