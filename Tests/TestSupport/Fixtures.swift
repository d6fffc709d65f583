import Conversion
import Foundation
import GLiClass
import ModelCore

/// Where committed files are, and what is made of them.
public enum Fixtures {
  /// The repository's top.
  public static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A file or folder in Tests/Fixtures.
  public static func path(_ name: String) -> String { top.appending(path: "Tests/Fixtures/\(name)").path() }

  /// A file or folder in Scripts.
  public static func script(_ name: String) -> String { top.appending(path: "Scripts/\(name)").path() }

  /// The full data beside the project, an extra that need not be there.
  public static func shared(_ name: String) -> String? {
    let path = top.deletingLastPathComponent().appending(path: "shared/models/\(name)").path()
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The text, labels, token ids and logits of a reference file's lines.
  public static func reference(_ path: String) throws -> [Reference] {
    struct Line: Decodable {
      var text: String?
      var labels: [String]?
      var input_ids: [Int32]?
      var logits: [Float]?
    }
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { line in
      let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      guard let text = line.text, let labels = line.labels, let ids = line.input_ids, let logits = line.logits else {
        return nil
      }
      return Reference(text: text, labels: labels, inputIDs: ids, logits: logits)
    }
  }

  /// A line of a reference file.
  public struct Reference: Sendable {
    /// The text.
    public var text: String
    /// Its candidate labels.
    public var labels: [String]
    /// The token ids of the prompt.
    public var inputIDs: [Int32]
    /// One a label.
    public var logits: [Float]
  }
}

/// A folder that goes when this does.
public final class TemporaryFolder: Sendable {
  /// The folder.
  public let path: String

  /// A new, empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "glc-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in the folder.
  public func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A fixture converted once a test run, kept until the end of it.
public enum Converted {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var files: [String: String] = [:]
  nonisolated(unsafe) private static var folder: TemporaryFolder?

  /// The `.glc` of the checkpoint at `checkpoint`.
  /// - Parameter attention: the precision of attention's products, `nil` for what the scheme brings.
  public static func glc(
    _ checkpoint: String, _ scheme: WeightScheme, attention: AttentionPrecision? = nil
  ) throws -> String {
    lock.lock()
    defer { lock.unlock() }
    let key = "\(checkpoint) \(scheme) \(String(describing: attention))"
    if let known = files[key] { return known }
    let home = try folder ?? TemporaryFolder()
    folder = home
    let path = home.file("\(files.count).glc")
    _ = try Converter(ConversionOptions(input: checkpoint, output: path, scheme: scheme, attention: attention)).run()
    files[key] = path
    return path
  }

  /// The open model of the fixture `name`.
  public static func model(
    _ name: String, _ scheme: WeightScheme, attention: AttentionPrecision? = nil
  ) throws -> GLiClassModel {
    try GLiClassModel(path: glc(Fixtures.path(name), scheme, attention: attention))
  }
}

/// The error that `body` throws, `nil` where it throws none or another. (`#expect(throws:)` gives it only from Swift 6.1 on.)
public func thrown<Failure: Error, Value>(_: Failure.Type, _ body: () throws -> Value) -> Failure? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? Failure
  }
}
