import ModelCore

/// Texts computed together: their token rows one after another, without padding; and which of their states the head reads.
///
/// A session keeps one and fills it anew, so that its lists keep their memory.
struct Batch {
  struct Text {
    /// Rows of the text's tokens in the batch.
    var rows: Range<Int>
    /// Its states that the head reads, among those of all texts.
    var headRows: Range<Int>
    /// The part of these that is the text, as the poolings see it.
    var textRows: Range<Int>
    /// Rows of zeros that the poolings see behind them (`extract_text_features`).
    var filledRows: Int
    /// Where these stand among those of all texts, and the rows that are projected: one a text, or with pooling `pass` all.
    var unpooledRows: Range<Int>
    var projectedRows: Range<Int>
    /// Its labels, among those of all texts, and how many of them, from the end, have no token.
    var labels: Range<Int>
    var lostLabels: Int
    /// Where the text's columns start: 2 · length − 1, and 15 that are read behind them.
    var columnsOffset: Int
  }

  var tokens: [Int32] = []
  var texts: [Text] = []
  /// Position in its text of every state that the head reads.
  var headPositions: [Int] = []
  /// For every label of every text, the states that stand for it; where there are none, zeros do.
  var labelRows: [Range<Int>] = []
  /// Segment of every token; empty where the model has none.
  var segments: [Int] = []
  var longest = 0

  var headRows: Int { headPositions.count }
  /// Rows of text, and those of them that are projected.
  var unpooledRows: Int { texts.last?.unpooledRows.upperBound ?? 0 }
  var projectedRows: Int { texts.last?.projectedRows.upperBound ?? 0 }

  /// Takes in other texts.
  mutating func fill(_ prompts: ArraySlice<EnginePrompt>, _ configuration: ModelConfiguration) {
    tokens.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    headPositions.removeAll(keepingCapacity: true)
    labelRows.removeAll(keepingCapacity: true)
    segments.removeAll(keepingCapacity: true)
    longest = 0
    for prompt in prompts {
      let start = tokens.count
      tokens += prompt.tokens
      if configuration.head.usesSegmentEmbeddings { addSegments(of: prompt.tokens, configuration.prompt) }
      longest = max(longest, prompt.tokens.count)
      let text = Text(
        rows: start..<tokens.count, headRows: headPositions.count..<headPositions.count, textRows: 0..<0, filledRows: 0,
        unpooledRows: 0..<0, projectedRows: 0..<0,
        labels: labelRows.count..<labelRows.count + prompt.labelPositions.count + prompt.lostLabelCount,
        lostLabels: prompt.lostLabelCount, columnsOffset: 2 * start + 16 * texts.count)
      let separator = prompt.tokens.firstIndex(of: Int32(configuration.prompt.separatorTokenID))
      if configuration.head.readsSingleTokens {
        readSingleTokens(of: prompt, text, separator ?? 0, configuration.head)
      } else {
        readAllTokens(of: prompt, text, separator, configuration)
      }
      for _ in 0..<prompt.lostLabelCount { labelRows.append(0..<0) }
    }
  }

  private mutating func append(_ text: Text, _ head: HeadConfiguration) {
    var text = text
    text.unpooledRows = unpooledRows..<unpooledRows + text.textRows.count
    text.projectedRows = projectedRows..<projectedRows + (head.pooling == .pass ? text.textRows.count : 1)
    texts.append(text)
  }

  /// The text's token, then each label's.
  private mutating func readSingleTokens(
    of prompt: EnginePrompt, _ text: Text, _ separator: Int, _ head: HeadConfiguration
  ) {
    var text = text
    let count = prompt.tokens.count
    let start = headPositions.count
    let textStart = head.extractsText ? separator : 0
    headPositions.append(head.pooling == .first ? textStart : count - 1)
    text.textRows = start..<start + 1
    text.filledRows = head.pooling == .first ? 0 : textStart
    for position in prompt.labelPositions {
      let own = head.embedsClassToken ? position : position + 1
      let row = headPositions.count
      labelRows.append(own < count ? row..<row + 1 : row..<row)
      if own < count { headPositions.append(own) }
    }
    text.headRows = start..<headPositions.count
    append(text, head)
  }

  /// All tokens; a label has a span of them, or one.
  private mutating func readAllTokens(
    of prompt: EnginePrompt, _ text: Text, _ separator: Int?, _ configuration: ModelConfiguration
  ) {
    var text = text
    let head = configuration.head
    let count = prompt.tokens.count
    let start = headPositions.count
    let textStart = head.extractsText ? separator ?? 0 : 0
    headPositions += 0..<count
    text.headRows = start..<start + count
    text.textRows = start + textStart..<start + count
    text.filledRows = textStart
    let label = Int32(configuration.prompt.labelTokenID)
    for position in prompt.labelPositions {
      let first = head.embedsClassToken ? position : position + 1
      var end = first + 1
      if head.classPooling == .average {
        end = prompt.tokens[(position + 1)...].firstIndex(of: label) ?? count
        if head.extractsText, let separator { end = min(end, separator) }
      }
      let lower = min(first, count)
      labelRows.append(start + lower..<start + max(lower, min(end, count)))
    }
    append(text, head)
  }

  /// Appends the segments of a prompt's tokens as `GLiClassUniEncoder._create_segment_ids` gives them: 0 before the first separator, 1 from
  /// it on. With an example token anywhere, 2 from the first token on that is none, which is nearly always all of them.
  private mutating func addSegments(of tokens: [Int32], _ prompt: PromptConfiguration) {
    let text = tokens.firstIndex(of: Int32(prompt.separatorTokenID)) ?? 0
    let example = Int32(clamping: prompt.exampleTokenID)
    let other = tokens.contains(example) ? tokens.firstIndex { $0 != example } ?? 0 : tokens.count
    for index in tokens.indices { segments.append(index >= other ? 2 : index < text ? 0 : 1) }
  }
}
