import Foundation

/// The interpreter that runs what is in Scripts: `PYTHON` of the environment, or `python3`.
public enum Python {
  /// Runs a script of Scripts with `arguments`.
  /// - Returns: its exit status, and what it printed on both streams.
  public static func run(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
    process.arguments = [python, Fixtures.script(script)] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
