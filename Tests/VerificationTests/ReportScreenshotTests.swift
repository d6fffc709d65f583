import Foundation
import Testing
import Verification

/// The page as a browser draws it: skipped, and said so, where none is installed.
@Suite struct ReportScreenshotTests {
  private static let browser = ["chromium", "chromium-browser", "google-chrome"].first { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  private func run(_ arguments: [String], path: String? = nil) throws -> (status: Int32, output: String) {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Scripts/report_screenshot"
    ).standardizedFileURL.path
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [script] + arguments
    if let path {
      process.environment = ProcessInfo.processInfo.environment.merging(["PATH": path]) { $1 }
    }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test(.enabled(if: browser != nil, "no chromium, chromium-browser or google-chrome on PATH"))
  func browserDrawsThePage() throws {
    let temporary = try TemporaryFolder()
    // Where people can look at them.
    let folder = ProcessInfo.processInfo.environment["GLICLASS_ARTIFACTS"] ?? temporary.path
    for (name, verdict) in [("report", try ReportCases.real()), ("report-failing", try ReportCases.failing())] {
      let report = "\(folder)/\(name).html"
      try HTMLReport(verdict).text.write(toFile: report, atomically: true, encoding: .utf8)
      for (ending, options) in [(".png", []), ("-dark.png", ["--dark"]), (".pdf", [])] {
        let picture = "\(folder)/\(name)\(ending)"
        let outcome = try run([report, "-o", picture] + (ending == ".pdf" ? [] : ["--width", "900"]) + options)
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
        guard ending != ".pdf" else {
          #expect(bytes.starts(with: Array("%PDF-".utf8)) && bytes.count > 20_000)
          continue
        }
        // PNG: signature, then IHDR with width and height, big-endian (PNG specification 5.2 and 11.2.2).
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        #expect(number(16) == 900 && number(20) > 3_000)
      }
    }
    withExtendedLifetime(temporary) {}
  }

  @Test func mistakesAreErrors() throws {
    let folder = try TemporaryFolder()
    let report = try folder.write("report.html", "<p>")
    for (arguments, status) in [
      ([], Int32(64)), ([report], 64), ([report, "-o", "x.png", "--width", "wide"], 64), ([report, "-x"], 64),
      (["\(folder.path)/none.html", "-o", "x.png"], 66),
    ] {
      let outcome = try run(arguments)
      #expect(outcome.status == status && outcome.output.hasPrefix("error: "), "\(arguments): \(outcome)")
    }
    // Without any browser: an empty folder for PATH; what comes before needs no other program.
    let outcome = try run([report, "-o", "\(folder.path)/x.png"], path: folder.path)
    #expect(outcome.status == 69 && outcome.output.contains("no browser"), "\(outcome)")
  }
}
