import ModelCore
import Testing

/// The rendering of every case: one line, which names the file, what was expected and what was found.
@Suite struct ModelCoreErrorTests {
  static let rendered: [(ModelCoreError, String, ModelCore.ExitStatus)] = [
    (.cannotOpen(path: "a/f", reason: "r"), "a/f: cannot open: r", .missingInput),
    (.readFailed(path: "a/f", reason: "r"), "a/f: read failed: r", .inputOutput),
    (.cannotCreate(path: "a/f", reason: "r"), "a/f: cannot create: r", .cannotCreate),
    (.writeFailed(path: "a/f", reason: "r"), "a/f: write failed: r", .inputOutput),
    (
      .outOfBounds(path: "a/f", what: "header", offset: 8, count: .max, size: 9),
      "a/f: header: expected 18446744073709551615 bytes at offset 8, found 9 bytes in all", .badData
    ),
    (.invalidJSON(path: "a/f", offset: 3, reason: "r"), "a/f: invalid JSON at byte 3: r", .badData),
    (
      .unexpectedJSON(path: "a/f", field: "x.y[2]", expected: "a string", found: "7"),
      "a/f: x.y[2]: expected a string, found 7", .badData
    ),
    (
      .unsupported(path: "a/f", field: "x.y", found: "\"z\"", supported: "\"w\""),
      "a/f: x.y: unsupported value \"z\"; supported: \"w\"", .badData
    ),
  ]

  @Test func everyCase() {
    var cases: Set<String> = []
    for (error, message, status) in Self.rendered {
      #expect(error.message == message)
      #expect(error.description == message && "\(error)" == message)
      #expect(error.exitStatus == status)
      #expect(error.hint == nil)
      cases.insert(Self.name(error))
    }
    #expect(cases.count == Self.rendered.count)
  }

  /// Exhaustive: a case that is added must be added here, and so to the table above.
  static func name(_ error: ModelCoreError) -> String {
    switch error {
    case .cannotOpen: "cannotOpen"
    case .readFailed: "readFailed"
    case .cannotCreate: "cannotCreate"
    case .writeFailed: "writeFailed"
    case .outOfBounds: "outOfBounds"
    case .invalidJSON: "invalidJSON"
    case .unexpectedJSON: "unexpectedJSON"
    case .unsupported: "unsupported"
    }
  }

  /// The contract with users' scripts.
  @Test func exitStatuses() {
    let statuses: [(ModelCore.ExitStatus, Int32)] = [
      (.success, 0), (.verdict, 1), (.usage, 64), (.badData, 65), (.missingInput, 66), (.internalError, 70),
      (.cannotCreate, 73), (.inputOutput, 74),
    ]
    for (status, value) in statuses { #expect(status.rawValue == value) }
  }
}
