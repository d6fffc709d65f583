import Foundation
import Testing
import Verification

@Suite struct JUnitReportTests {
  /// Which attributes and children the schema of Jenkins' xUnit plugin (junit-10.xsd) knows, of what we write.
  private static let schema: [String: (required: Set<String>, allowed: Set<String>, children: Set<String>)] = [
    "testsuites": ([], ["name", "time", "tests", "failures", "errors"], ["testsuite"]),
    "testsuite": (
      ["name", "tests", "failures", "errors"], ["name", "tests", "failures", "errors", "time", "skipped"],
      ["properties", "testcase", "system-out"]
    ),
    "properties": ([], [], ["property"]),
    "property": (["name", "value"], ["name", "value"], []),
    "testcase": (["name"], ["name", "time", "classname"], ["skipped", "failure"]),
    "failure": ([], ["type", "message"], []),
    "skipped": ([], ["type", "message"], []),
    "system-out": ([], [], []),
  ]

  private func check(_ element: MarkupElement) {
    guard let known = Self.schema[element.name] else {
      Issue.record("\(element.name) is not in the schema")
      return
    }
    let attributes = Set(element.attributes.keys)
    #expect(known.required.isSubset(of: attributes) && attributes.isSubset(of: known.allowed), "\(element.name)")
    for child in element.children {
      #expect(known.children.contains(child.name), "\(child.name) in \(element.name)")
      check(child)
    }
  }

  @Test func isWhatReadersExpect() throws {
    for (name, verdict) in try ReportCases.all() {
      let root = try MarkupElement.parse(JUnitReport(verdict).text, "\(name)")
      #expect(root.name == "testsuites")
      check(root)
      let suite = try #require(root.all("testsuite").first)
      let cases = suite.all("testcase")
      let failures = cases.filter { !$0.all("failure").isEmpty }
      #expect(!cases.isEmpty, "\(name)")
      for element in [root, suite] {
        #expect(element.attributes["tests"] == "\(cases.count)")
        #expect(element.attributes["failures"] == "\(failures.count)" && element.attributes["errors"] == "0")
      }
      #expect(suite.attributes["skipped"] == "\(cases.filter { !$0.all("skipped").isEmpty }.count)")
      #expect(failures.isEmpty == verdict.passes, "\(name)")
    }
    check(try MarkupElement.parse(JUnitReport(ReportCases.suite()).text))
  }

  @Test func everyBoundAndEveryCheckIsATestCase() throws {
    var verdict = try ReportCases.failing()
    verdict.identity[1].agrees = false
    verdict.identity[1].isAllowed = true
    let root = try MarkupElement.parse(JUnitReport(verdict).text)
    let cases = root.all("testcase")
    #expect(cases.count == verdict.identity.count + verdict.judgements.count)
    #expect(cases.count { $0.attributes["classname"] == "gliclass-verify.bounds" } == verdict.judgements.count)
    #expect(cases.count { $0.attributes["classname"] == "gliclass-verify.identity" } == verdict.identity.count)
    #expect(cases[1].all("skipped").count == 1)

    let title = verdict.judgements[0].title
    let found = try #require(cases.first { $0.attributes["name"] == title })
    let failed = try #require(found.all("failure").first)
    let message = try #require(failed.attributes["message"])
    #expect(message.contains("found ") && message.contains("bound") && message.contains(verdict.judgements[0].name))
    #expect(!message.contains("\n"))
    for finding in verdict.origin?.findings ?? [] { #expect(failed.text.contains(finding.message)) }
    #expect(root.all("testsuite")[0].all("system-out")[0].text.hasPrefix("verdict: FAIL "))
  }

  /// XML 1.0 has no control characters, not even as references.
  @Test func charactersThatXMLForbidsAreReplaced() throws {
    let text = JUnitReport(try ReportCases.hostileNames()).text
    #expect(!text.unicodeScalars.contains { ($0.value < 32 && $0 != "\n") || $0.value >= 0xFFFE && $0.value <= 0xFFFF })
    let root = try MarkupElement.parse(text)
    #expect(root.all("property").contains { $0.attributes["value"]?.contains("<script>alert('x')") == true })
    #expect(root.all("script").isEmpty)
  }

  /// The other parser that readers use.
  @Test func pythonReadsIt() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("verdict.xml", JUnitReport(ReportCases.hostileNames()).text)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      ProcessInfo.processInfo.environment["PYTHON"] ?? "python3", "-c",
      "import sys, xml.etree.ElementTree as e; print(len(e.parse(sys.argv[1]).getroot().findall('testsuite/testcase')))",
      file,
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let verdict = try ReportCases.hostileNames()
    #expect(Int(output.trimmingCharacters(in: .newlines)) == verdict.identity.count + verdict.judgements.count)
  }
}
