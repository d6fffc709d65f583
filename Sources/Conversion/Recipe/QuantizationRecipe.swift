import ModelCore
import Quantization

/// What is to become of a checkpoint's weights: everything that decides the bytes of a `.glc`, apart from its source.
///
/// Without calibration the same recipe and checkpoint give the same bytes on every machine. What calibration found is in ``grids``.
public struct QuantizationRecipe: Sendable {
  /// How the encoder's linear layers are stored. Head, convolution and embedding projection are stored alike, but in q8 where this is q4: they are small.
  public var weights: WeightScheme
  /// Of every tensor in q4 that no override gives its own.
  public var groupSize: GroupSize
  /// How the tables of embeddings are stored. `nil`: as ``weights``, but in q8 where those are q4.
  public var embeddings: WeightScheme?
  /// How attention's products are to be computed. `nil` leaves it to the model.
  public var attention: AttentionPrecision?
  /// Tensors that are stored otherwise; of several that name a tensor the last counts.
  public var overrides: [RecipeOverride]
  /// What is done to lose less; each can be left out, to find out what it is worth.
  public var steps: QuantizationSteps
  /// What a calibration was made with, where there was one.
  public var calibration: CalibrationRecord?
  /// Whether it is of a file with a smaller vocabulary, which no recipe can make again alone.
  public var hasSmallerVocabulary = false
  /// What a calibration found, by the tensor's name in the `.glc`.
  public var solutions: [String: LinearSolution]

  /// - Parameter weights: int8 unless said otherwise.
  public init(
    weights: WeightScheme = .q8, groupSize: GroupSize = .features64, embeddings: WeightScheme? = nil,
    attention: AttentionPrecision? = nil, overrides: [RecipeOverride] = [],
    steps: QuantizationSteps = QuantizationSteps()
  ) {
    self.weights = weights
    self.groupSize = groupSize
    self.embeddings = embeddings
    self.attention = attention
    self.overrides = overrides
    self.steps = steps
    calibration = nil
    solutions = [:]
  }

  /// The scheme of tables of embeddings.
  public var embeddingScheme: WeightScheme { embeddings ?? (weights == .q4 ? .q8 : weights) }
}

/// Tensors that are stored otherwise than the rest.
public struct RecipeOverride: Sendable, Hashable {
  /// Names, where `*` is any text and `?` any character: of the checkpoint, with or without `model.` and `encoder_model.` before them, or of the `.glc`.
  public var pattern: String
  /// How they are stored.
  public var scheme: WeightScheme
  /// Of q4; `nil`: the recipe's.
  public var groupSize: GroupSize?

  /// Those that match `pattern`.
  public init(pattern: String, scheme: WeightScheme, groupSize: GroupSize? = nil) {
    self.pattern = pattern
    self.scheme = scheme
    self.groupSize = groupSize
  }
}

/// Steps between weights and codes (docs/quantization.md has what each is worth).
public struct QuantizationSteps: Sendable, Equatable {
  /// Whether the steps of int4 are chosen by the expected error of the output; else all features count alike.
  public var errorWeights = true
  /// Whether activations are balanced by input scales.
  public var inputScales = true
  /// With calibration data: whether codes make up for each other's errors (GPTQ, arXiv 2210.17323).
  public var gptq = true
  /// With calibration data, and without ``gptq``, which leaves it nothing to do: whether biases make up for the mean error.
  public var biasCorrection = true

  /// All steps.
  public init() {}
}

/// What a calibration was made with.
public struct CalibrationRecord: Sendable, Equatable {
  /// Name of the file without folder.
  public var data: String
  /// SHA-256 of its bytes, in hexadecimal digits.
  public var sha256: String
  /// Texts that were looked at.
  public var texts: Int
  /// Their tokens, prompts included.
  public var tokens: Int

  /// A record of what was looked at.
  public init(data: String, sha256: String, texts: Int, tokens: Int) {
    self.data = data
    self.sha256 = sha256
    self.texts = texts
    self.tokens = tokens
  }
}
