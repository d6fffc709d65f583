import Conversion
import Engine
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Every option of encoder and head, converted and run, against what the Python package computes from the same weights (see
/// Scripts/variant_fixtures.py), and against itself on every instruction set.
@Suite struct VariantTests {
  /// The model of a variant, and the prompts of its examples made of the recorded ids.
  static func load(_ name: String, _ scheme: WeightScheme) throws -> (GLiClassModel, [EnginePrompt]) {
    let model = try GLiClassModel(path: Converted.glc(Variants.folder(name), scheme))
    let label = Int32(model.file.configuration.prompt.labelTokenID)
    let prompts = try Variants.description(name).examples.map { example in
      let positions = Array(
        example.inputIds.indices.filter { example.inputIds[$0] == label }.prefix(example.labels.count))
      return EnginePrompt(
        tokens: example.inputIds, labelPositions: positions, lostLabelCount: example.labels.count - positions.count)
    }
    return (model, prompts)
  }

  /// The largest |ours − theirs| ÷ max(1, |theirs|).
  static func worst(_ ours: some Sequence<Float>, _ theirs: some Sequence<Double>) -> Double {
    zip(ours, theirs).map { abs(Double($0) - $1) / max(1, abs($1)) }.max() ?? 0
  }

  @Test func areThere() { #expect(Variants.names.count == 189) }

  @Test(arguments: Variants.names)
  func withoutQuantizationIsWhatThePackageComputes(_ name: String) throws {
    let (model, prompts) = try Self.load(name, .f32)
    let examples = try Variants.description(name).examples
    let outputs = try model.makeSession(options: SessionOptions(threads: 1)).engine.outputs(prompts, embeddings: true)
    for (index, (output, example)) in zip(outputs, examples).enumerated() {
      #expect(output.logits.count == example.logits.count)
      #expect(Self.worst(output.logits, example.logits) <= 1e-3, "logits of example \(index)")
      #expect((output.uncalibratedLogits == nil) == (example.uncalibratedLogits == nil))
      if let theirs = example.uncalibratedLogits {
        #expect(Self.worst(output.uncalibratedLogits ?? [], theirs) <= 1e-3, "uncalibrated logits of example \(index)")
      }
      let embeddings = try #require(output.embeddings)
      for (ours, theirs) in [(embeddings.text, example.textEmbedding), (embeddings.classes, example.classEmbeddings)] {
        guard let theirs else { continue }
        // With pooling `pass` the package has rows behind those of the text, projected zeros one like the other.
        let rest = theirs.rows.dropFirst(ours.count)
        #expect(rest.allSatisfy { $0 == rest.last } && (rest.isEmpty || name.contains("cross") || name.contains("mix")))
        #expect(ours.count <= theirs.rows.count && ours.map(\.count) == theirs.rows.prefix(ours.count).map(\.count))
        #expect(Self.worst(ours.joined(), theirs.rows.joined()) <= 1e-3, "embeddings of example \(index)")
      }
    }
  }

  @Test(arguments: Variants.names)
  func quantizationDisturbsLittle(_ name: String) throws {
    let (model, prompts) = try Self.load(name, .q8)
    let theirs = try Variants.description(name).examples.flatMap(\.logits)
    let ours = try model.makeSession(options: SessionOptions(threads: 1)).logits(prompts).flatMap(\.self)
    #expect(ours.count == theirs.count)
    let count = Double(theirs.count)
    let mean = theirs.reduce(0, +) / count
    let deviation = (theirs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let drift = zip(ours, theirs).reduce(0) { $0 + abs(Double($1.0) - $1.1) } / count
    #expect(drift <= 0.03 * deviation, "\(drift / deviation)")
  }

  /// One thread and one text at a time by scalar kernels; then everything else.
  @Test(arguments: Variants.names, [WeightScheme.q8, .f32])
  func everyWayGivesTheSameBits(_ name: String, _ scheme: WeightScheme) throws {
    func bits(_ outputs: [EngineOutput]) -> [[UInt32]] {
      outputs.map { output in
        let embeddings = [output.embeddings?.text, output.embeddings?.classes].compactMap { $0 }.joined().joined()
        return (output.logits + (output.uncalibratedLogits ?? []) + embeddings).map(\.bitPattern)
      }
    }
    let (model, prompts) = try Self.load(name, scheme)
    func session(_ set: InstructionSet, threads: Int, skips: Bool = true) throws -> EngineSession {
      var options = EngineOptions(threads: threads, instructionSet: set)
      options.skipsUnreadRows = skips
      options.dividesEverything = true
      return try model.makeSession(options: options).engine
    }
    let scalar = try session(InstructionSet.available[0], threads: 1)
    let expected = bits(try prompts.flatMap { try scalar.outputs([$0], embeddings: true) })
    for set in InstructionSet.available.dropFirst() {
      #expect(bits(try session(set, threads: 1).outputs(prompts, embeddings: true)) == expected, "\(set)")
    }
    let reversed = try session(.best, threads: 3).outputs(prompts.reversed(), embeddings: true)
    #expect(bits(reversed.reversed()) == expected, "three threads, in another order")
    #expect(bits(try session(.best, threads: 2, skips: false).outputs(prompts, embeddings: true)) == expected)
  }

  /// From text to logits, prompt and examples and truncation included, by the library alone.
  @Test(arguments: [
    "base", "published-v1", "published-instruct", "published-multilang", "calibrator-bias", "scorer-hopfield",
  ])
  func textsGiveTheRecordedTokens(_ name: String) throws {
    let (model, prompts) = try Self.load(name, .f32)
    let session = try model.makeSession(options: SessionOptions(threads: 1))
    for (example, expected) in zip(try Variants.description(name).examples, prompts) {
      let request = ClassificationRequest(
        text: example.text, labels: example.labels, taskPrompt: example.prompt ?? "",
        examples: (example.examples ?? []).map { FewShotExample(text: $0.text, labels: $0.labels) },
        options: ClassificationOptions(maximumLength: example.maxLength, labelOverflow: .report))
      let prompt = try session.prompt(request)
      #expect(prompt.ids == expected.tokens)
      #expect(prompt.labelPositions == expected.labelPositions && prompt.lostLabelCount == expected.lostLabelCount)
      let labels = try session.classify([request])[0].labels
      #expect(labels.count == expected.labelPositions.count)
      #expect(Self.worst(labels.map(\.logit), example.logits) <= 1e-3)
    }
  }
}
