import DataSets
import ModelCore
import Testing

/// What each case says. They are provoked where the readers are tested.
@Suite struct DataSetErrorTests {
  @Test func rendered() {
    let cases: [(DataSetError, String, ModelCore.ExitStatus)] = [
      (.underlying(.cannotOpen(path: "f", reason: "r")), "f: cannot open: r", .missingInput),
      (.malformedLine(path: "f", line: 3, expected: "x", found: "y"), "f: line 3: expected x, found y", .badData),
      (.empty(path: "f"), "f: expected at least one text, found none", .badData),
    ]
    for (error, message, status) in cases {
      #expect(error.message == message && "\(error)" == message && error.exitStatus == status && error.hint == nil)
    }
    // One line, whatever was found.
    #expect(!DataSetError.malformedLine(path: "f", line: 1, expected: "x", found: "a\nb").message.contains("\n"))
  }
}
