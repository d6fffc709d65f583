import Engine
import GLCFormat
import ModelCore
import Tokenization

/// What can go wrong between opening a `.glc` and a classification.
public enum GLiClassError: Diagnostic, Equatable {
  case format(GLCFormatError)
  case tokenization(TokenizationError)
  case engine(EngineError)
  /// Labels or examples that were given as JSON.
  case input(ModelCoreError)
  /// The threshold is not a probability.
  case invalidThreshold(found: Float)
  /// More tokens than the model can read at once.
  case invalidMaximumLength(found: Int, limit: Int)
  /// Less than one label a pass.
  case invalidLabelsPerPass(found: Int)
  /// Parts of a text that have no size, or begin where the part before begins.
  case invalidChunking(size: Int, overlap: Int)
  /// Labels, prompt and examples fill the maximum length by themselves.
  case noRoomForText(maximumLength: Int)
  /// More parts of one text than are kept at once.
  case tooManyParts(limit: Int)
  /// Features of a text that is read in several passes.
  case embeddingsOfParts

  private var underlying: (any Diagnostic)? {
    switch self {
    case .format(let error): error
    case .tokenization(let error): error
    case .engine(let error): error
    case .input(let error): error
    default: nil
    }
  }

  /// One line that names the file and what was expected and found there.
  public var message: String {
    switch self {
    case .format, .tokenization, .engine, .input: underlying?.message ?? ""
    case .invalidThreshold(let found): "threshold: expected a number from 0 to 1, found \(found)"
    case .invalidMaximumLength(let found, let limit):
      "maximum length: expected at most \(limit) tokens, which is what the model reads, found \(found)"
    case .invalidLabelsPerPass(let found): "labels per pass: expected at least 1, found \(found)"
    case .invalidChunking(let size, let overlap):
      "chunks: expected a size of at least 1 and an overlap from 0 to less than that, found size \(size) and overlap \(overlap)"
    case .noRoomForText(let maximumLength):
      "chunks: expected room for the text beside labels, prompt and examples, found none within \(maximumLength) tokens"
    case .tooManyParts(let limit): "chunks: expected at most \(limit) of one text, found more"
    case .embeddingsOfParts: "embeddings: expected one pass a text, found chunks or labels per pass"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .noRoomForText: "use fewer labels a pass, or a larger maximum length"
    case .tooManyParts: "use larger chunks, or less overlap"
    default: underlying?.hint
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .format, .tokenization, .engine, .input: underlying?.exitStatus ?? .internalError
    case .noRoomForText, .tooManyParts: .badData
    case .invalidThreshold, .invalidMaximumLength, .invalidLabelsPerPass, .invalidChunking, .embeddingsOfParts: .usage
    }
  }
}
