import ArgumentParser
import CommandSupport
import ModelCore
import Verification

/// What is written beside the table.
struct ReportArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Write the verdict as JSON (formats/verdict.md).", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Write it as JUnit XML, each bound a test case.", valueName: "file"))
  var junit: String?

  @Option(help: ArgumentHelp("Write it as Markdown, for a pull request or a job's summary.", valueName: "file"))
  var markdown: String?

  @Option(
    help: ArgumentHelp(
      "Write it as one HTML page with plots. (For each of these, - is standard output in place of the table.)",
      valueName: "file"))
  var html: String?

  @Flag(help: "Also record the verdict in the .glc, for gliclass inspect; any later change of the model voids it.")
  var stamp = false

  /// The reports that were asked for: option, path and form.
  var all: [(option: String, path: String, form: ReportForm)] {
    [
      ("--json", json, ReportForm.json), ("--junit", junit, .junit), ("--markdown", markdown, .markdown),
      ("--html", html, .html),
    ].compactMap { option, path, form in path.map { (option, $0, form) } }
  }

  func validate() throws {
    let standard = all.filter { $0.path == "-" }
    guard standard.count <= 1 else {
      throw ValidationError("\(standard[0].option) and \(standard[1].option) cannot both be standard output.")
    }
  }
}

/// Files of reports, which appear whole when there is a verdict, or not at all.
struct ReportFiles {
  private let files: [(form: ReportForm, file: AtomicFile)]
  private let printed: ReportForm

  /// Creates the files.
  /// - Parameter inputs: what is read: no report may replace it.
  init(_ arguments: ReportArguments, inputs: [String]) throws {
    var files: [(ReportForm, AtomicFile)] = []
    let reports = arguments.all.filter { $0.path != "-" }
    for (index, report) in reports.enumerated() {
      if let target = FileIdentity(report.path), let input = inputs.first(where: { FileIdentity($0) == target }) {
        throw ModelCoreError.cannotCreate(path: report.path, reason: "it is \(input), which is read")
      }
      if let other = reports[..<index].first(where: { $0.path == report.path }) {
        throw ModelCoreError.cannotCreate(path: report.path, reason: "it is written by \(other.option)")
      }
      files.append((report.form, try AtomicFile(path: report.path)))
    }
    self.files = files
    printed = arguments.all.first { $0.path == "-" }?.form ?? .text
  }

  /// Writes all reports, and prints one.
  func write(_ report: Report) throws {
    for (form, file) in files {
      var text = report.text(form)
      if text.last != "\n" { text += "\n" }
      try file.write(Array(text.utf8), at: 0)
    }
    for (_, file) in files { try file.commit() }
    var text = report.text(printed)
    while text.last == "\n" { text.removeLast() }
    Console.print(text)
  }
}
