import ModelCore
import Tokenization

/// What to convert, and how.
public struct ConversionOptions: Sendable {
  /// A Hugging Face folder, or a file of weights with the other files beside it.
  public var input: String
  /// The `.glc` to write.
  public var output: String
  /// What becomes of the weights.
  public var recipe: QuantizationRecipe
  /// The folder of a LoRA adapter to merge into the weights.
  public var adapter: String?
  /// Whose reading of the tokenizer's files is meant.
  public var tokenizerProfile: TokenizerProfile
  /// Which tokens are kept; all, unless it says something.
  public var vocabulary = VocabularyOptions()
  /// What a search measured of this recipe, for the metadata; null without one.
  package var drift = JSON.null
  /// Whether the output is looked at and thrown away: it then need not have reached the disk.
  package var isTemporary = false

  /// What to convert, int8 unless said otherwise.
  public init(
    input: String, output: String, recipe: QuantizationRecipe = QuantizationRecipe(), adapter: String? = nil,
    tokenizerProfile: TokenizerProfile = .tokenizers
  ) {
    self.recipe = recipe
    self.adapter = adapter
    self.tokenizerProfile = tokenizerProfile
    self.input = input
    self.output = output
  }

  /// The same with nothing chosen but a scheme and the precision of attention.
  public init(
    input: String, output: String, scheme: WeightScheme, adapter: String? = nil,
    tokenizerProfile: TokenizerProfile = .tokenizers, attention: AttentionPrecision? = nil
  ) {
    self.init(
      input: input, output: output, recipe: QuantizationRecipe(weights: scheme, attention: attention),
      adapter: adapter, tokenizerProfile: tokenizerProfile)
  }
}
