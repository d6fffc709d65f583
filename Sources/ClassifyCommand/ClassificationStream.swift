import CommandSupport
import GLiClass
import Glibc
import ModelCore

/// JSONL in, JSONL out, in order. A bad line costs that line only.
struct ClassificationStream {
  let scheduler: ClassificationScheduler
  let defaults: RequestDefaults
  let format: AnswerFormat

  /// An error, as the object that stands for the line.
  private struct LineError: Error {
    let line: Int
    let message: String
  }

  /// Answers every line of standard input.
  /// - Returns: the exit status: 0, 65 where a line could not be answered, or that of the signal that ended it.
  func run() throws -> Int32 {
    let interruption = Interruption()
    let stream = LineStream(limit: scheduler.windowSize, interruption: interruption)
    let bar = ProgressBar("classifying", isShown: isatty(STDOUT_FILENO) == 0)
    defer { bar.finish() }
    var number = 0
    var count = 0
    var allGood = true
    while let window = try stream.next() {
      var lines: [(number: Int, line: [UInt8])] = []
      for line in window {
        number += 1
        if !line.isBlank { lines.append((number, line)) }
      }
      let answers = answer(lines)
      // What was read of a model that became shorter says nothing about the line.
      try scheduler.model.file.file.checkIntact()
      for case .failure in answers { allGood = false }
      if !answers.isEmpty { Console.print(answers.map(text).joined(separator: "\n")) }
      count += answers.count
      if let part = stream.part { bar.update(part) } else { bar.update(count: count, of: "texts") }
    }
    if let status = interruption.exitStatus { return status }
    return allGood ? ExitStatus.success.rawValue : ExitStatus.badData.rawValue
  }

  private func answer(_ lines: [(number: Int, line: [UInt8])]) -> [Result<Classification, LineError>] {
    let requests = lines.map { line in
      Result { () throws(ModelCoreError) in try RequestLine(line.line, number: line.number).request(defaults) }
        .mapError { LineError(line: line.number, message: $0.message) }
    }
    var results = scheduler.classify(requests.compactMap { try? $0.get() })[...]
    return zip(lines, requests).map { line, request in
      request.flatMap { _ in
        results.removeFirst().mapError { LineError(line: line.number, message: $0.message) }
      }
    }
  }

  private func text(_ answer: Result<Classification, LineError>) -> String {
    switch answer {
    case .success(let classification): format.json(classification).text()
    case .failure(let error):
      JSON.object([("error", .string(error.message)), ("line", .int(error.line))]).text()
    }
  }
}
