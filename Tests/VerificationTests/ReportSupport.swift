import Foundation
import FoundationXML
import Testing
import Verification

/// Verdicts that reports must have an answer to, made from a real one.
enum ReportCases {
  /// What a label, a text or a path may be, for all that anybody knows.
  static let hostile =
    "</td><script>alert('x')</script> | `code` **bold** \u{1}\u{1B}[31m & \"quoted\" @user #1 \u{202E}right to left "
    + "http://example.org www.example.org ]]> \u{FFFE}\nsecond line"
  static let foreign = ["日本語の形態素解析システムの長いラベル", "مكتبة لمعالجة النصوص العربية", "👩‍👩‍👧 family"]

  private static let made = Result { try realVerdict() }

  static func real() throws -> Verdict {
    let verdict = try made.get()
    // What the tests below take for granted of it.
    try #require(verdict.data.hasTruth && verdict.origin?.layers.isEmpty == false && verdict.measures.sweep != nil)
    try #require(!verdict.measures.agreement.flips.isEmpty && !verdict.worstTexts.isEmpty)
    try #require(verdict.worstTexts.allSatisfy { !$0.decisions.isEmpty && !$0.tokens.isEmpty })
    try #require(!verdict.judgements.isEmpty && !verdict.identity.isEmpty && verdict.origin?.tensors.isEmpty == false)
    return verdict
  }

  static func withoutTruth() throws -> Verdict {
    var verdict = try real()
    verdict.data.hasTruth = false
    verdict.measures.metrics = []
    verdict.measures.labels = []
    verdict.measures.mcNemar = nil
    verdict.measures.sweep = nil
    verdict.origin = nil
    verdict.judgements.removeAll { $0.title.contains("F1") }
    for index in verdict.scatter.indices { verdict.scatter[index].isTrue = nil }
    for index in verdict.measures.agreement.flips.indices { verdict.measures.agreement.flips[index].isTrue = nil }
    for text in verdict.worstTexts.indices {
      for index in verdict.worstTexts[text].decisions.indices { verdict.worstTexts[text].decisions[index].isTrue = nil }
    }
    return verdict
  }

  static func failing() throws -> Verdict {
    var verdict = try real()
    verdict.judgements[0].bound = verdict.judgements[0].found - (verdict.judgements[0].isMaximum ? 1 : -1)
    verdict.identity[0].agrees = false
    verdict.identity[0].isAllowed = false
    verdict.identity[0].found = "another"
    verdict.origin?.findings = [Finding(place: "layers.1.attention.value.weight", message: "is not what it was")]
    return verdict
  }

  static func hostileNames() throws -> Verdict {
    var verdict = try failing()
    verdict.model.path = hostile
    verdict.model.converter = hostile
    verdict.reference.path = hostile
    verdict.reference.producer = hostile
    verdict.data.path = hostile
    verdict.identity[0].found = hostile
    verdict.notes = [hostile]
    verdict.judgements[0].title = hostile
    verdict.origin?.findings = []
    verdict.origin?.tensors[0].name = hostile
    for (index, name) in ([hostile] + foreign).enumerated() where index < verdict.measures.labels.count {
      verdict.measures.labels[index].label = name
    }
    verdict.measures.agreement.flips[0].label = hostile
    verdict.worstTexts[0].text = hostile
    verdict.worstTexts[0].tokens[0] = hostile
    verdict.worstTexts[0].decisions[0].label = hostile
    return verdict
  }

  static func notFinite() throws -> Verdict {
    var verdict = try real()
    for path in [\Measures.logitError, \Measures.probabilityError] {
      verdict.measures[keyPath: path].mean = .nan
      verdict.measures[keyPath: path].p50 = .nan
      verdict.measures[keyPath: path].p99 = .nan
      verdict.measures[keyPath: path].maximum = .nan
    }
    for index in verdict.scatter.indices.prefix(5) { verdict.scatter[index].modelLogit = .nan }
    verdict.measures.agreement.flips[0].modelLogit = .nan
    verdict.worstTexts[0].decisions[0].modelLogit = .nan
    verdict.worstTexts[0].largestError = .nan
    verdict.judgements[0].found = .nan
    verdict.origin?.layers[0].sqnr = .infinity
    verdict.origin?.layers[1].sqnr = .nan
    return verdict
  }

  static func alike() throws -> Verdict {
    var verdict = try real()
    verdict.measures.agreement.flipCount = 0
    verdict.measures.agreement.flips = []
    verdict.measures.agreement.largestMargin = .nan
    verdict.measures.agreement.medianMargin = .nan
    for index in verdict.scatter.indices { verdict.scatter[index].modelLogit = verdict.scatter[index].referenceLogit }
    for index in verdict.measures.labels.indices {
      verdict.measures.labels[index].model = verdict.measures.labels[index].reference
    }
    for index in (verdict.origin?.layers ?? []).indices {
      verdict.origin?.layers[index].sqnr = .infinity
      verdict.origin?.layers[index].ownSQNR = nil
    }
    verdict.identity = []
    verdict.judgements = []
    return verdict
  }

  static func manyLabels() throws -> Verdict {
    var verdict = try real()
    let labels = verdict.measures.labels
    verdict.measures.labels = (0..<10_000).map { index in
      var label = labels[index % labels.count]
      label.label = "label \(index)" + (index == 1 ? String(repeating: " long", count: 100_000) : "")
      return label
    }
    verdict.data.labels = 10_000
    verdict.worstTexts[0].text = String(repeating: "long ", count: 200_000)
    return verdict
  }

  static func oneOfEach() throws -> Verdict {
    var verdict = try real()
    verdict.data.texts = 1
    verdict.data.decisions = 1
    verdict.data.labels = 1
    verdict.measures.labels = [verdict.measures.labels[0]]
    verdict.scatter = [verdict.scatter[0]]
    verdict.worstTexts = [verdict.worstTexts[0]]
    verdict.worstTexts[0].decisions = [verdict.worstTexts[0].decisions[0]]
    verdict.worstTexts[0].tokens = [verdict.worstTexts[0].tokens[0]]
    return verdict
  }

  static func singleLabel() throws -> Verdict {
    var verdict = try real()
    verdict.settings.mode = .singleLabel
    verdict.measures.sweep = nil
    return verdict
  }

  static func all() throws -> [(name: String, verdict: Verdict)] {
    [
      ("real", try real()), ("without truth", try withoutTruth()), ("failing", try failing()),
      ("hostile names", try hostileNames()), ("not finite", try notFinite()), ("alike", try alike()),
      ("many labels", try manyLabels()), ("one of each", try oneOfEach()), ("single label", try singleLabel()),
    ]
  }

  static func suite() throws -> SuiteVerdict {
    let verdicts = try all()
    return SuiteVerdict(
      model: verdicts[0].verdict.model, rows: verdicts.map { SuiteVerdict.Row(name: $0.name, verdict: $0.verdict) })
  }
}

/// An element of well-formed XML.
final class MarkupElement {
  let name: String
  let attributes: [String: String]
  var children: [MarkupElement] = []
  /// All text in it, that of its children too.
  var text = ""

  init(_ name: String, _ attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  /// The elements called `name` in it, at any depth, in the order of the document.
  func all(_ name: String) -> [MarkupElement] {
    children.flatMap { ($0.name == name ? [$0] : []) + $0.all(name) }
  }

  /// All elements in it.
  var descendants: [MarkupElement] { children.flatMap { [$0] + $0.descendants } }

  /// Parses `text` with libxml2; fails a test where it is not well-formed.
  static func parse(_ text: String, _ comment: Comment? = nil) throws -> MarkupElement {
    let parser = XMLParser(data: Data(text.utf8))
    let builder = MarkupBuilder()
    parser.delegate = builder
    let isParsed = parser.parse()
    try #require(isParsed, "line \(parser.lineNumber): \(String(describing: parser.parserError)), \(comment ?? "")")
    return try #require(builder.root.children.first)
  }
}

private final class MarkupBuilder: NSObject, XMLParserDelegate {
  let root = MarkupElement("", [:])
  private var open: [MarkupElement] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let element = MarkupElement(name, attributes)
    (open.last ?? root).children.append(element)
    open.append(element)
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    for element in open { element.text += text }
  }
}
