import Engine
import GLCFormat
import ModelCore
import Tokenization

/// How a session computes: threads and instruction set. No choice changes a bit of the logits.
public typealias SessionOptions = EngineOptions

/// A zero-shot text classifier in a `.glc` file.
///
/// Opening maps the file and checks it; weights are read from it as they are touched. A model is immutable and may be
/// shared; each thread that classifies makes a ``GLiClassSession`` of its own.
///
/// ```swift
/// let model = try GLiClassModel(path: "model.glc")
/// let session = try model.makeSession()
/// let result = try session.classify("One day I will see the world!", labels: ["travel", "sport"])
/// print(result.predicted, result.labels.map(\.score))
/// ```
public final class GLiClassModel: Sendable {
  /// The open file, with its metadata and tensor directory.
  public let file: GLCFile
  /// The tokenizer that is compiled into the file.
  public let tokenizer: CompiledTokenizer
  /// Builds inputs by the file's prompt rules.
  public let prompts: PromptBuilder
  private let engine: EngineModel

  /// Opens the `.glc` at `path`.
  /// - Throws: ``GLiClassError``, naming what is wrong with the file.
  public init(path: String) throws(GLiClassError) {
    do throws(GLCFormatError) { file = try GLCFile(path: path) } catch { throw .format(error) }
    do throws(TokenizationError) {
      tokenizer = try CompiledTokenizer(file.tokenizerBytes, owner: file, path: path)
      prompts = try PromptBuilder(tokenizer: tokenizer, rules: PromptRules(file.configuration))
    } catch {
      throw .tokenization(error)
    }
    try Self.checkMarkers(file, tokenizer)
    do throws(EngineError) { engine = try EngineModel(file) } catch { throw .engine(error) }
  }

  /// The metadata and the tokenizer both say which tokens are the markers.
  private static func checkMarkers(_ file: GLCFile, _ tokenizer: CompiledTokenizer) throws(GLiClassError) {
    let (own, theirs) = (file.configuration.prompt, tokenizer.summary)
    for (field, id, marker) in [
      ("label_token", own.labelTokenID, theirs.labelTokenID),
      ("separator_token", own.separatorTokenID, theirs.separatorTokenID),
    ] where marker.map(Int.init) != id {
      throw .format(
        .malformed(
          path: file.path, part: "metadata: prompt.\(field)",
          expected: "\(marker.map { "\($0)" } ?? "none"), the tokenizer's marker", found: "\(id)"))
    }
  }

  /// The number of tokens of a whole input, beyond which texts are truncated on the right.
  public var maximumLength: Int { file.configuration.prompt.maximumLength }

  /// The most tokens that an input may have, whatever it is truncated at: the table of absolute positions where the model has one.
  public var longestInput: Int {
    let positions = file.configuration.encoder.absolutePositionCount
    return positions > 0 ? positions : EngineSession.maximumTokens
  }

  /// A session with threads and working memory of its own.
  /// - Throws: ``GLiClassError/engine(_:)`` for an instruction set or thread count that cannot be had.
  public func makeSession(options: SessionOptions = SessionOptions()) throws(GLiClassError) -> GLiClassSession {
    do throws(EngineError) {
      return GLiClassSession(model: self, engine: try EngineSession(engine, options: options))
    } catch {
      throw .engine(error)
    }
  }
}
