import DataSets

/// What a reference says of one text.
package struct ReferenceOutput: Sendable, Equatable {
  /// The text.
  package var text: String
  /// The labels, in the order of the logits.
  package var labels: [String]
  /// The token ids that went into the model.
  package var inputIDs: [Int32]
  /// One a label, in the order of the labels.
  package var logits: [Float]
  /// Line of the reference file, from 1; of the data set where it was computed.
  package var line: Int
}

/// Where reference outputs come from, a few at a time: a file, a checkpoint, another `.glc`.
package protocol ReferenceSource {
  /// A file, a folder, or a `.glc`.
  var path: String { get }
  /// What it is.
  var kind: ReferenceSummary.Kind { get }
  /// How it was made.
  var header: ReferenceHeader { get }
  /// The next outputs, at most `limit`; none at the end.
  /// - Throws: ``VerificationError``, naming the line.
  mutating func next(_ limit: Int) throws(VerificationError) -> [ReferenceOutput]
}

extension ExampleReader {
  /// The next examples, at most `limit`; none at the end.
  mutating func next(_ limit: Int) throws(VerificationError) -> [DataExample] {
    var examples: [DataExample] = []
    do throws(DataSetError) {
      while examples.count < limit, let example = try next() { examples.append(example) }
    } catch {
      throw .underlying(error)
    }
    return examples
  }
}
