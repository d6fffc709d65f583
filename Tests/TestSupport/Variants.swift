import Foundation

/// The small checkpoints that Tests/Fixtures/variants describes, one for every value of every option, with what the Python package
/// answers. Scripts/make_variants.py makes the weights: once a test run, on first use.
public enum Variants {
  /// All of them, sorted; empty where the folder is missing, which a test must not take for success.
  public static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.path("variants"))) ?? []
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }.sorted()
  }()

  /// The checkpoint `name`: a Hugging Face folder.
  public static func folder(_ name: String) throws -> String { try made.get().file(name) }

  /// What is known of the variant `name`.
  public static func description(_ name: String) throws -> Description {
    let file = URL(filePath: Fixtures.path("variants/\(name).json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Description.self, from: Data(contentsOf: file))
  }

  /// One of the descriptions.
  public struct Description: Decodable, Sendable {
    /// What the variant is there for, where its name does not say it.
    public var note: String?
    /// Inputs, and what the package answers.
    public var examples: [Example]
  }

  /// One text.
  public struct Example: Decodable, Sendable {
    /// The text.
    public var text: String
    /// Its candidate labels; some may have been truncated away.
    public var labels: [String]
    /// The task prompt.
    public var prompt: String?
    /// Few-shot examples.
    public var examples: [Shot]?
    /// Where the input was truncated, where that is not the default.
    public var maxLength: Int?
    /// The token ids of the whole input.
    public var inputIds: [Int32]
    /// One a label, those included that have been truncated away.
    public var logits: [Double]
    /// The same before calibration, where there is a calibrator.
    public var uncalibratedLogits: [Double]?
    /// Rows of projected text: one, or with pooling `pass` one a token.
    public var textEmbedding: Rows?
    /// Rows of projected classes, one a label.
    public var classEmbeddings: Rows?
  }

  /// A few-shot example.
  public struct Shot: Decodable, Sendable {
    /// The text.
    public var text: String
    /// The labels that are right for it.
    public var labels: [String]
  }

  /// A matrix, whose file leaves out the outer brackets of one that is a single row.
  public struct Rows: Decodable, Sendable {
    /// Row by row.
    public var rows: [[Double]]

    /// Reads a list of rows, or one row.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let row = try? container.decode([Double].self) {
        rows = [row]
      } else {
        rows = try container.decode([[Double]].self)
      }
    }
  }

  /// The maker failed.
  public struct MakerFailed: Error, CustomStringConvertible {
    /// What it said.
    public let description: String
  }

  private static let made = Result<TemporaryFolder, any Error> {
    let folder = try TemporaryFolder()
    let (status, output) = try Python.run("make_variants.py", [folder.path])
    guard status == 0 else { throw MakerFailed(description: output) }
    return folder
  }
}
