import CommandSupport
import GLiClass
import ModelCore

/// JSONL in, JSONL out, in order. A bad line costs that line only.
struct ClassificationStream {
  let session: GLiClassSession
  let defaults: RequestDefaults

  /// Texts given to the engine at once.
  static let batchSize = 16

  /// Answers every line of `stream`.
  /// - Returns: whether every line could be answered.
  func run(_ stream: LineStream) throws -> Bool {
    var number = 0
    var allGood = true
    try stream.forEachBatch { lines in
      for start in stride(from: 0, to: lines.count, by: Self.batchSize) {
        let batch = lines[start..<min(start + Self.batchSize, lines.count)].map { line in
          number += 1
          return (number: number, line: line)
        }
        let answers = answer(batch.filter { !$0.line.isBlank })
        // What was read of a model that became shorter says nothing about the line.
        try session.model.file.file.checkIntact()
        for answer in answers { if case .failure = answer { allGood = false } }
        if !answers.isEmpty { Console.print(answers.map(Self.text).joined(separator: "\n")) }
      }
    }
    return allGood
  }

  /// An error, as the object that stands for the line.
  struct LineError: Error {
    let line: Int
    let message: String
  }

  private static func text(_ answer: Result<Classification, LineError>) -> String {
    switch answer {
    case .success(let classification): classification.json.text()
    case .failure(let error):
      JSON.object([("error", .string(error.message)), ("line", .int(error.line))]).text()
    }
  }

  private func answer(_ lines: [(number: Int, line: [UInt8])]) -> [Result<Classification, LineError>] {
    let requests = lines.map { line in
      do throws(ModelCoreError) {
        return Result<ClassificationRequest, LineError>.success(try request(line.line, line.number))
      } catch {
        return .failure(LineError(line: line.number, message: error.message))
      }
    }
    // All together; where one of them fails, one by one, to find out which.
    if let all = try? requests.map({ try $0.get() }), let results = try? session.classify(all) {
      return results.map { .success($0) }
    }
    return zip(lines, requests).map { line, request in
      request.flatMap { request in
        do throws(GLiClassError) {
          return .success(try session.classify([request])[0])
        } catch {
          return .failure(LineError(line: line.number, message: error.message))
        }
      }
    }
  }

  private func request(_ line: [UInt8], _ number: Int) throws(ModelCoreError) -> ClassificationRequest {
    let line = try RequestLine(line, number: number)
    guard let labels = line.labels ?? defaults.labels else { throw RequestLine.noLabels(number) }
    return ClassificationRequest(
      text: line.text, labels: labels, mode: defaults.mode(threshold: line.threshold ?? defaults.threshold),
      taskPrompt: line.prompt, examples: line.examples)
  }
}
