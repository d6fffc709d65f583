import Foundation
import Testing
import Verification

/// The JSON is what formats/verdict.md says.
@Suite struct JSONReportTests {
  private struct Field {
    var type: String
    var mayBeNull: Bool
  }

  /// The tables of formats/verdict.md under the heading `heading`.
  private func documented(_ heading: String) throws -> [String: Field] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../formats/verdict.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let part = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix(heading) })
    var fields: [String: Field] = [:]
    for line in part.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let path = cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
      #expect(fields[path] == nil, "\(path) twice")
      fields[path] = Field(type: cells[2], mayBeNull: cells[4] != "never")
    }
    return fields
  }

  /// Holds `value` and everything in it against `fields`.
  private func check(_ value: Any, _ path: String, _ fields: [String: Field], _ seen: inout Set<String>) {
    if !path.isEmpty {
      seen.insert(path)
      guard let field = fields[path] else {
        Issue.record("\(path) is not in formats/verdict.md")
        return
      }
      if value is NSNull {
        #expect(field.mayBeNull, "\(path) is null")
        return
      }
      #expect(type(of: value, as: field.type) == field.type, "\(path)")
    }
    if let members = value as? [String: Any] {
      for (key, member) in members {
        let name = Metric(rawValue: key) == nil || path.contains("thresholds") ? key : "<metric>"
        check(member, path.isEmpty ? name : "\(path).\(name)", fields, &seen)
      }
    }
    for element in value as? [Any] ?? [] { check(element, path + "[]", fields, &seen) }
  }

  private func type(of value: Any, as expected: String) -> String {
    switch value {
    case is String: return "string"
    case is [Any]: return "array"
    case is [String: Any]: return "object"
    case let number as NSNumber:
      if isBoolean(number) { return "boolean" }
      return expected == "integer" && number.doubleValue == number.doubleValue.rounded() ? "integer" : "number"
    default: return "unknown"
    }
  }

  private func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func everyFieldIsDocumentedAndEveryDocumentedFieldThere() throws {
    let fields = try documented("A verdict")
    try #require(fields.count > 100)
    var seen: Set<String> = []
    for (_, verdict) in try ReportCases.all() { check(try object(JSONReport(verdict).text), "", fields, &seen) }
    #expect(Set(fields.keys).subtracting(seen).sorted() == [])
  }

  @Test func everyFieldOfASuite() throws {
    let verdictFields = try documented("A verdict")
    var fields = try documented("A suite")
    for shared in ["schema", "model", "content_digest", "numerics_revision"] { fields[shared] = verdictFields[shared] }
    for (path, field) in verdictFields where path.hasPrefix("model_file") { fields[path] = field }
    let own = Set(fields.keys)
    for (path, field) in verdictFields where path != "schema" && path != "kind" {
      fields["sets[].verdict.\(path)"] = field
    }
    var seen: Set<String> = []
    check(try object(JSONReport(ReportCases.suite()).text), "", fields, &seen)
    #expect(own.subtracting(seen).sorted() == [])
  }

  /// What programs of schema 1 read is where it was.
  @Test func figuresAreThoseOfTheVerdict() throws {
    struct Read: Decodable {
      struct Scores: Decodable {
        var micro_f1: Double
        var macro_f1: Double
      }
      struct Count: Decodable {
        var count: Int
        var rate: Double
      }
      struct Errors: Decodable {
        var mean: Double
        var p99: Double
        var max: Double
      }
      struct Judgement: Decodable {
        var name: String
        var bound: Double
        var found: Double
        var passes: Bool
      }
      struct Reference: Decodable {
        var path: String
        var producer: String
      }
      var schema: Int
      var model: String
      var content_digest: String?
      var numerics_revision: UInt32
      var reference: Reference
      var data: String
      var threshold: Float
      var texts: Int
      var decisions: Int
      var labels: Int
      var reference_scores: Scores
      var model_scores: Scores
      var drift: Scores
      var flips: Count
      var logit_error: Errors
      var token_mismatches: Int
      var notes: [String]
      var judgements: [Judgement]
      var passes: Bool
    }
    let verdict = try ReportCases.real()
    let read = try JSONDecoder().decode(Read.self, from: Data(JSONReport(verdict).text.utf8))
    let micro = try #require(verdict.measures[.microF1])
    let macro = try #require(verdict.measures[.macroF1])
    #expect(read.schema == 2 && read.model == verdict.model.path && read.data == verdict.data.path)
    #expect(read.content_digest == verdict.model.contentDigest)
    #expect(read.numerics_revision == verdict.model.numericsRevision)
    #expect(read.reference.path == verdict.reference.path && read.reference.producer == verdict.reference.producer)
    #expect(read.threshold == verdict.settings.threshold && read.texts == verdict.data.texts)
    #expect(read.decisions == verdict.data.decisions && read.labels == verdict.data.labels)
    // The very same doubles.
    #expect(read.reference_scores.micro_f1 == micro.reference && read.reference_scores.macro_f1 == macro.reference)
    #expect(read.model_scores.micro_f1 == micro.model && read.model_scores.macro_f1 == macro.model)
    #expect(read.drift.micro_f1 == micro.drift && read.drift.macro_f1 == macro.drift)
    #expect(read.flips.count == verdict.measures.agreement.flipCount)
    #expect(read.flips.rate == verdict.measures.agreement.flipRate)
    #expect(read.logit_error.mean == verdict.measures.logitError.mean)
    #expect(read.logit_error.p99 == verdict.measures.logitError.p99)
    #expect(read.logit_error.max == verdict.measures.logitError.maximum)
    #expect(read.token_mismatches == verdict.tokenMismatches && read.notes == verdict.notes)
    #expect(read.judgements.map(\.name) == verdict.judgements.map(\.name))
    #expect(read.judgements.map(\.found) == verdict.judgements.map(\.found))
    #expect(read.judgements.map(\.passes) == verdict.judgements.map(\.passes) && read.passes == verdict.passes)
  }
}
