import Conversion
import DataSets
import Foundation
import GLiClass
import ModelCore
import Testing
import Verification

/// Whole runs: a converted checkpoint against the Python package's outputs, and references that have been tampered with.
@Suite final class VerifierTests {
  let folder: TemporaryFolder
  static let reference = Fixtures.randomTiny + "/reference.jsonl"

  init() throws { folder = try TemporaryFolder() }

  /// The reference of random-tiny with its lines (header first) changed.
  func tampered(_ edit: (inout [String]) throws -> Void) throws -> String {
    var lines = try referenceLines(Fixtures.randomTiny)
    try edit(&lines)
    return try folder.write("tampered.jsonl", lines.joined(separator: "\n") + "\n")
  }

  @Test func f32IsTheSameModel() throws {
    let parts = Parts()
    let found = try verdict(
      Converted.f32.get(),
      edit: {
        $0.bounds.f1Drift = 0.1
        $0.bounds.logitError = 1e-3
        $0.bounds.flips = .count(0)
        $0.bounds.minimumF1 = 0
      }, progress: parts.append)
    let labels = try referenceLines(Fixtures.randomTiny).dropFirst().map {
      try JSONDocument($0, path: "line").root.required("labels").elements().count
    }
    #expect(found.data.texts == 20 && found.data.decisions == labels.reduce(0, +) && found.data.hasTruth)
    #expect(found.measures.agreement.flipCount == 0 && found.measures.logitError.maximum <= 1e-3)
    for row in found.measures.metrics { #expect(row.drift == 0 && row.reference == row.model) }
    #expect(found.notes.isEmpty && found.passes)
    #expect(found.judgements.map(\.name) == ["max-f1-drift", "max-logit-error", "max-flips", "min-f1"])
    #expect(found.identity.allSatisfy(\.agrees) && identity(.tokens, found) != nil)
    #expect(found.reference.producer == "gliclass 0.1.21" && found.reference.path == Self.reference)
    #expect(found.model.contentDigest?.hasPrefix("sha256:") == true)
    #expect(parts.all.last == 1 && parts.all == parts.all.sorted())
    print("random-tiny, f32: largest logit error \(found.measures.logitError.maximum)")
  }

  /// F1 of the reference against true labels, by counting in this test.
  @Test func referenceF1IsThatOfTheFile() throws {
    let found = try verdict(Converted.f32.get())
    var counts = [0, 0, 0]
    var examples = try ExampleReader(path: Fixtures.randomTiny + "/eval.jsonl")
    for output in try outputs(of: ReferenceFile(path: Self.reference)) {
      let truths = try #require(try examples.next()?.truths)
      for (actual, logit) in zip(truths, output.logits) {
        let predicted = logit >= 0
        if predicted && actual { counts[0] += 1 }
        if predicted != actual { counts[predicted ? 1 : 2] += 1 }
      }
    }
    let expected = Double(2 * counts[0]) / Double(2 * counts[0] + counts[1] + counts[2])
    #expect(abs((found.measures[.microF1]?.reference ?? .nan) - expected) <= 1e-12)
  }

  @Test func q8Runs() throws {
    let found = try verdict(Converted.q8.get())
    let error = found.measures.logitError.maximum
    #expect(found.data.texts == 20 && found.passes && found.notes.isEmpty && error.isFinite && error > 0)
    print("random-tiny, q8: \(found.measures.agreement.flipCount) flips, largest logit error \(error)")
  }

  @Test func ownReferenceIsAsGood() throws {
    let found = try verdict(Converted.f32.get(), against: checkpointReference(Fixtures.randomTiny)) {
      $0.bounds.logitError = 1e-3
    }
    #expect(found.passes && found.measures.agreement.flipCount == 0 && found.notes.isEmpty)
    #expect(found.reference.kind == .checkpoint && identity(.checkpoint, found)?.agrees == true)
  }

  /// Two conversions of one checkpoint: the f32 file is to q8 what the checkpoint is, but for what f32 itself rounds.
  @Test func anotherFileAsReference() throws {
    let baseline = try GLiClassModel(path: Converted.f32.get())
    func reference() throws -> BaselineReference {
      try BaselineReference(
        baseline, examples: ExampleReader(path: Fixtures.randomTiny + "/eval.jsonl"), threads: nil)
    }
    let found = try verdict(Converted.q8.get(), against: reference())
    let python = try verdict(Converted.q8.get())
    #expect(found.passes && found.reference.kind == .baseline && identity(.checkpoint, found)?.agrees == true)
    #expect(abs(found.measures.logitError.maximum - python.measures.logitError.maximum) < 1e-3)
    let same = try verdict(Converted.f32.get(), against: reference())
    #expect(same.measures.logitError.maximum == 0)
  }

  /// What is computed in one piece is what is computed in parts, by any number of threads.
  @Test func threadsChangeNothing() throws {
    let one = try verdict(Converted.q8.get()) { $0.threads = 1 }
    let three = try verdict(Converted.q8.get()) { $0.threads = 3 }
    #expect(one == three)
  }

  /// Logits of two labels exchanged: the largest error is their distance, and the bound is exceeded.
  @Test func swappedLogitsFail() throws {
    let path = try tampered { lines in
      lines[1] = lines[1].replacingOccurrences(of: "[1.439013, 5.918958,", with: "[5.918958, 1.439013,")
    }
    let found = try verdict(Converted.f32.get(), reference: path) {
      $0.bounds.f1Drift = 1
      $0.bounds.logitError = 1e-3
    }
    #expect(abs(found.measures.logitError.maximum - (5.918958 - 1.439013)) < 1e-3)
    #expect(!found.passes && found.judgements.map(\.passes) == [true, false])
    #expect(identity(.tokens, found)?.agrees == true)
    let worst = try #require(found.worstTexts.first)
    #expect(worst.line == 1 && worst.largestError == found.measures.logitError.maximum)
    #expect(worst.tokens.first == "[CLS]" && worst.tokens.last == "[SEP]" && worst.firstTokenDifference == nil)
    #expect(worst.decisions.map(\.referenceLogit).prefix(2) == [5.918958, 1.439013])
  }

  /// Signs of all logits changed: every decision flips.
  @Test func oppositeLogitsFlip() throws {
    let path = try tampered { lines in
      for index in lines.indices.dropFirst() {
        let start = try #require(lines[index].range(of: "\"logits\": ["))
        let logits = lines[index][start.upperBound...].split(separator: "]")[0].split(separator: ",")
        let opposite = logits.compactMap { Double($0.filter { $0 != " " }) }.map { "\(-$0)" }
        lines[index] = lines[index][..<start.upperBound] + opposite.joined(separator: ", ") + "]}"
      }
    }
    let found = try verdict(Converted.f32.get(), reference: path) { $0.bounds.flips = .rate(0.99) }
    #expect(found.measures.agreement.flipRate == 1 && !found.passes)
    #expect(found.measures.agreement.flipCount == found.data.decisions)
    #expect(found.worstTexts.first?.decisions.allSatisfy(\.isFlipped) == true)
  }

  /// A score that is exactly the threshold is predicted: sigmoid(0) = 0.5.
  @Test func scoreAtTheThreshold() throws {
    let path = try tampered { lines in
      lines[1] = lines[1].replacingOccurrences(
        of: "[1.439013, 5.918958, -0.414909, 0.701565, 0.89241]", with: "[0, 0, 0, 0, 0]")
      lines.removeSubrange(2...)
    }
    let texts = try String(contentsOfFile: Fixtures.randomTiny + "/eval.jsonl", encoding: .utf8).split(separator: "\n")
    let data = try folder.write("first.jsonl", String(texts[0]))
    // True is the second label alone: one true positive, four false ones.
    let found = try verdict(Converted.f32.get(), reference: path, data: data)
    #expect(found.data.decisions == 5 && abs((found.measures[.microF1]?.reference ?? 0) - 2.0 / 6) <= 1e-12)
    #expect(found.measures.agreement.flipCount == 1)
    let higher = try verdict(Converted.f32.get(), reference: path, data: data) {
      $0.measures.threshold = Float(0.5).nextUp
    }
    #expect(higher.measures[.microF1]?.reference == 0)
  }

  /// Tokens that differ are no drift that a bound could allow for, unless they are allowed by name.
  @Test func otherTokensAreCounted() throws {
    let path = try tampered { lines in
      for index in 1...3 {
        lines[index] = lines[index].replacingOccurrences(of: "\"input_ids\": [1, ", with: "\"input_ids\": [3, ")
      }
    }
    let found = try verdict(Converted.f32.get(), reference: path)
    let check = try #require(identity(.tokens, found))
    #expect(!found.passes && !check.agrees && found.measures.logitError.maximum <= 1e-3)
    #expect(
      check.found == "different in 3 of 20 texts, first in line 1 at token 0: 1 ([CLS]), in the reference 3 ([UNK])")
    #expect(found.worstTexts.count { $0.firstTokenDifference == 0 } <= 3)
    #expect(try verdict(Converted.f32.get(), reference: path) { $0.allowed = [.tokens] }.passes)
  }

  /// Every field of the header that tells of another model fails by name, and passes where that was allowed.
  @Test(arguments: [
    ("\"max_length\": 1024", "\"max_length\": 512", IdentityCheck.Field.maximumLength),
    ("\"dtype\": \"float32\"", "\"dtype\": \"bfloat16\"", .dtype),
    ("\"prompt_first\": true", "\"prompt_first\": false", .promptFirst),
    ("\"label_case\": \"as given\"", "\"label_case\": \"lower\"", .labelCase),
    ("\"batch_size\": 1", "\"batch_size\": 8", .batchSize),
    ("\"producer\"", "\"tokenizer_profile\": \"transformers-5\", \"producer\"", .tokenizer),
    ("\"producer\"", "\"content_digest\": \"sha256:00\", \"producer\"", .checkpoint),
  ])
  func referenceOfAnotherKind(_ old: String, _ new: String, _ field: IdentityCheck.Field) throws {
    let path = try tampered {
      // The header that this test writes is the only one.
      $0[0] = $0[0].replacing(#/"(content_digest|tokenizer_profile)": "[^"]*", /#, with: "")
      $0[0] = $0[0].replacingOccurrences(of: old, with: new)
    }
    let found = try verdict(Converted.f32.get(), reference: path)
    #expect(!found.passes && found.identity.filter { !$0.passes }.map(\.field) == [field])
    let allowed = try verdict(Converted.f32.get(), reference: path) { $0.allowed = [field] }
    #expect(allowed.passes && identity(field, allowed)?.agrees == false)
  }

  /// What a header does not say is not compared, and that is said.
  @Test func referenceThatSaysNothing() throws {
    let path = try tampered { $0[0] = "{\"reference\": {}}" }
    let found = try verdict(Converted.f32.get(), reference: path)
    #expect(found.passes && found.identity.map(\.field) == [.tokens])
    #expect(
      found.notes == [
        "not said by the reference or the model, and so not compared: checkpoint, tokenizer, label-case, max-length, dtype, "
          + "prompt-first, batch-size"
      ])
  }

  /// A digest of a file alone cannot tell a twin in another container from another checkpoint.
  @Test func referenceOfAnotherFile() throws {
    let header = try ReferenceFile(path: Self.reference).header
    let tiny = try #require(header.checkpointSHA256)
    let path = try tampered {
      $0[0] = $0[0].replacing(#/"content_digest": "[^"]*", /#, with: "")
      $0[0] = $0[0].replacingOccurrences(of: tiny, with: String(repeating: "ab", count: 32))
    }
    let found = try verdict(Converted.f32.get(), reference: path)
    #expect(found.passes && identity(.checkpoint, found) == nil)
    #expect(found.notes.count == 1 && found.notes[0].contains("another file of weights (sha256 abababababab…)"))
  }

  private func error(_ reference: String, data: String = Fixtures.randomTiny + "/eval.jsonl") throws
    -> VerificationError?
  {
    let verifier = try Verifier(model: GLiClassModel(path: Converted.f32.get()), options: VerificationOptions())
    let (source, index) = (try ReferenceFile(path: reference), try DataIndex(path: data))
    return verificationError { () throws(VerificationError) in try verifier.verify(against: source, data: index) }
  }

  @Test func lineWithoutAPartner() throws {
    let data = Fixtures.randomTiny + "/eval.jsonl"
    for (line, from, to) in [(3, "\"Tackdre|\"", "\"Tackdre\""), (3, "[\"grutwerou pai\"]", "[\"grutwerou\"]")] {
      let path = try tampered { $0[line - 1] = $0[line - 1].replacingOccurrences(of: from, with: to) }
      let error = try error(path)
      guard case .noPartner(path, line, _, data) = error else {
        Issue.record("expected noPartner, found \(error.map { "\($0)" } ?? "no error")")
        continue
      }
      #expect(error?.exitStatus == .badData)
    }
  }

  /// A reference that was cut off does not pass for one that agrees.
  @Test func textWithoutAReference() throws {
    let data = Fixtures.randomTiny + "/eval.jsonl"
    let path = try tampered { $0.removeLast() }
    let error = try error(path)
    guard case .noPartner(data, 20, let text, path) = error else {
      Issue.record("expected noPartner, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    let last = try outputs(of: ReferenceFile(path: Self.reference)).last
    #expect(text == last?.text)
  }

  /// A text that is there twice is judged twice, with what is right in each place.
  @Test func textsThatOccurTwice() throws {
    let reference = try tampered { $0 = [$0[0], $0[1], $0[1]] }
    let first = try String(contentsOfFile: Fixtures.randomTiny + "/eval.jsonl", encoding: .utf8).split(separator: "\n")[
      0]
    let other = first.replacing(/"true_labels": \[[^\]]*\]/, with: "\"true_labels\": []")
    let data = try folder.write("twice.jsonl", first + "\n" + other)
    let found = try verdict(Converted.f32.get(), reference: reference, data: data)
    #expect(found.data.texts == 2 && found.measures.labels.map(\.support).reduce(0, +) == 1)
    // Each needs a line of its own, on either side.
    let once = try tampered { $0 = [$0[0], $0[1]] }
    guard case .noPartner(data, 2, _, once) = try error(once, data: data) else {
      Issue.record("expected noPartner of the second text")
      return
    }
    let alone = try folder.write("alone.jsonl", String(first))
    let twice = try tampered { $0 = [$0[0], $0[1], $0[1]] }
    guard case .noPartner(twice, 3, _, alone) = try error(twice, data: alone) else {
      Issue.record("expected noPartner of the second line")
      return
    }
  }

  /// The order of the reference's lines decides nothing.
  @Test func orderOfTheReference() throws {
    let path = try tampered { $0 = [$0[0]] + $0.dropFirst().reversed() }
    var found = try verdict(Converted.q8.get(), reference: path)
    found.reference.path = Self.reference
    let again = try verdict(Converted.q8.get())
    #expect(found == again)
  }

  /// Data without true labels: agreement, and no bound that needs them.
  @Test func withoutTruth() throws {
    let lines = try String(contentsOfFile: Fixtures.randomTiny + "/eval.jsonl", encoding: .utf8)
    let data = try folder.write("plain.jsonl", lines.replacing(/, "true_labels": \[[^\]]*\]/, with: ""))
    let found = try verdict(Converted.q8.get(), data: data) { $0.bounds.flips = .rate(1) }
    #expect(found.passes && !found.data.hasTruth && found.measures.metrics.isEmpty && found.measures.mcNemar == nil)
    let known = try verdict(Converted.q8.get())
    #expect(found.measures.agreement.flipCount == known.measures.agreement.flipCount)
    #expect(found.measures.logitError == known.measures.logitError)
    var options = VerificationOptions()
    options.bounds.f1Drift = 1
    let verifier = try Verifier(model: GLiClassModel(path: Converted.q8.get()), options: options)
    let (source, index) = (try ReferenceFile(path: Self.reference), try DataIndex(path: data))
    let error = verificationError { () throws(VerificationError) in try verifier.verify(against: source, data: index) }
    guard case .noTruth(data) = error else {
      Issue.record("expected noTruth, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
  }

  /// The engine runs the merged weights, and the reference computes with them: neither shares the other's numbers.
  @Test(arguments: ["plain", "dora", "embedding", "bias_all_saved_modules"])
  func adapterIsMergedInBoth(_ name: String) throws {
    let adapter = Fixtures.adapters + "/" + name
    let output = folder.path + "/merged.glc"
    let options = ConversionOptions(input: Fixtures.randomTiny, output: output, scheme: .f32, adapter: adapter)
    _ = try Converter(options).run()
    func verdict(_ adapter: String?) throws -> Verdict {
      try VerificationTests.verdict(output, against: checkpointReference(Fixtures.randomTiny, adapter: adapter)) {
        $0.bounds.logitError = 1e-3
      }
    }
    let own = try verdict(adapter)
    #expect(own.passes && own.notes.isEmpty)
    print("\(name), f32: largest logit error \(own.measures.logitError.maximum)")
    let base = try verdict(nil)
    #expect(!base.passes && identity(.checkpoint, base)?.agrees == false)
  }
}
