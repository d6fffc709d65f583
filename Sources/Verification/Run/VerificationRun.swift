import DataSets
import Tokenization

/// What has been compared so far.
struct VerificationRun {
  private(set) var table: DecisionTable
  private(set) var worst: WorstTexts
  /// Texts whose tokens are not the reference's.
  private(set) var tokenDifferences = 0
  /// Those of them that have a token there which the model's vocabulary was made smaller by.
  private(set) var leftOutTexts = 0
  private(set) var firstTokenDifference: TokenDifference?
  private let data: DataIndex
  private let vocabulary: VocabularyTranslation
  private var isJudged: [Bool]
  private var taken: [UInt32]
  /// Of each text of the table, its position in the data set.
  private var positions: [Int] = []
  private var lostLabels = 0
  private var notFinite: (texts: Int, place: String)?

  init(_ data: DataIndex, _ vocabulary: VocabularyTranslation, worstLimit: Int) {
    self.vocabulary = vocabulary
    self.data = data
    table = DecisionTable(hasTruth: data.hasTruth)
    worst = WorstTexts(limit: worstLimit)
    isJudged = Array(repeating: false, count: data.count)
    taken = Array(repeating: 0, count: data.count)
  }

  /// The first example that no reference output belongs to.
  var unpartnered: Int? { isJudged.firstIndex(of: false) }

  /// The table in the order of the data set, whatever the reference's is.
  mutating func sort() {
    guard zip(positions, positions.dropFirst()).contains(where: { $0 > $1 }) else { return }
    table = table.selecting(texts: positions.indices.sorted { positions[$0] < positions[$1] })
  }

  /// Texts without a finite result.
  var notFiniteCount: Int { notFinite?.texts ?? 0 }

  /// Adds a text whose result was not finite at `place`.
  mutating func addNotFinite(_ place: String) {
    notFinite = ((notFinite?.texts ?? 0) + 1, notFinite?.place ?? place)
  }

  /// Adds what both sides say of one text.
  /// - Parameters:
  ///   - path: the reference's.
  ///   - prompt: the model's input.
  ///   - name: the piece of a token of the reference.
  /// - Throws: ``VerificationError/noPartner(path:line:text:other:)``.
  mutating func add(
    _ output: ReferenceOutput, _ path: String, _ prompt: Prompt, _ logits: [Float], name: (Int32) -> String
  ) throws(VerificationError) {
    // The same text with the same labels may be there more than once, and then is in the reference as often.
    guard let index = data.take(text: output.text, labels: output.labels, taken: &taken) else {
      throw .noPartner(path: path, line: output.line, text: output.text, other: data.path)
    }
    isJudged[index] = true
    positions.append(index)
    lostLabels += prompt.lostLabelCount
    table.append(
      line: data.line(of: index), labels: output.labels, truths: data.truths(of: index),
      referenceLogits: output.logits, modelLogits: logits)
    let difference = TokenDifference(
      line: data.line(of: index), model: prompt.ids.map(vocabulary.original), reference: output.inputIDs, name: name)
    if let difference {
      tokenDifferences += 1
      if output.inputIDs.contains(where: { vocabulary.own(original: $0) == nil }) {
        leftOutTexts += 1
      } else if difference.line < firstTokenDifference?.line ?? .max {
        // The first in the data set, whatever the order of the reference.
        firstTokenDifference = difference
      }
    }
    let errors = zip(logits, output.logits).map { abs(Double($0) - Double($1)) }
    let error = errors.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
    guard worst.takes(error) else { return }
    worst.add(
      WorstTexts.Entry(
        index: index, error: error, output: output, modelIDs: prompt.ids, labelPositions: prompt.labelPositions,
        lostLabels: prompt.lostLabelCount, modelLogits: logits, tokenDifference: difference?.position))
  }

  /// What a reader should know.
  var notes: [String] {
    var notes: [String] = []
    if let notFinite {
      notes.append(
        "\(notFinite.texts) of \(table.textCount) texts have no finite result, first at \(notFinite.place): they have NaN "
          + "for logits, and no bound is kept")
    }
    if lostLabels > 0 {
      notes.append(
        "\(lostLabels) labels lie beyond the maximum length; they are scored as the Python package scores them")
    }
    if leftOutTexts > 0 {
      notes.append(
        "\(leftOutTexts) of \(table.textCount) texts have tokens in the reference that the smaller vocabulary leaves out: the "
          + "model reads others there, and is judged by what it makes of them")
    }
    return notes
  }

  /// Decisions to plot: all, or of many every so-manieth.
  var scatter: [ScatterPoint] {
    let step = max(1, (table.decisionCount + Self.scatterLimit - 1) / Self.scatterLimit)
    return stride(from: 0, to: table.decisionCount, by: step).map {
      ScatterPoint(
        referenceLogit: table.referenceLogits[$0], modelLogit: table.modelLogits[$0],
        isTrue: table.hasTruth ? table.truths[$0] : nil)
    }
  }

  private static let scatterLimit = 50_000
}
