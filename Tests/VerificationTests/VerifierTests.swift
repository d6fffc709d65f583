import Conversion
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
    let model = try GLiClassModel(path: Converted.f32.get())
    let verifier = try Verifier(model: model, session: try model.makeSession()) { parts.append($0) }
    let found = try verifier.verify(
      ReferenceOutputs(path: Self.reference), data: DataSet(path: Fixtures.randomTiny + "/eval.jsonl"), threshold: 0.5,
      bounds: VerificationBounds(f1Drift: 0, logitError: 1e-3))
    let labels = try referenceLines(Fixtures.randomTiny).dropFirst().map {
      try JSONDocument($0, path: "line").root.required("labels").elements().count
    }
    #expect(found.texts == 20 && found.decisions == labels.reduce(0, +))
    #expect(found.flips == 0 && found.tokenMismatches == 0)
    #expect(found.logitErrors.maximum <= 1e-3 && found.logitErrors.count == found.decisions)
    #expect(found.referenceF1 == found.modelF1)
    #expect(found.microDrift == 0 && found.macroDrift == 0 && found.flipRate == 0)
    #expect(found.notes.isEmpty && found.passes && found.judgements.count == 2)
    #expect(found.producer == "gliclass 0.1.21" && found.reference == Self.reference)
    #expect(found.contentDigest?.hasPrefix("sha256:") == true)
    #expect(parts.all.last == 1 && parts.all == parts.all.sorted())
    print("random-tiny, f32: largest logit error \(found.logitErrors.maximum)")
  }

  /// F1 of the reference against true labels, by counting in this test.
  @Test func referenceF1IsThatOfTheFile() throws {
    let found = try verdict(Converted.f32.get(), reference: Self.reference)
    var counts = [0, 0, 0]
    let data = try DataSet(path: Fixtures.randomTiny + "/eval.jsonl")
    for (output, example) in zip(try ReferenceOutputs(path: Self.reference).outputs, data.examples) {
      for (label, logit) in zip(output.labels, output.logits) {
        let (predicted, actual) = (logit >= 0, example.trueLabels.contains(label))
        if predicted && actual { counts[0] += 1 }
        if predicted != actual { counts[predicted ? 1 : 2] += 1 }
      }
    }
    let expected = Double(2 * counts[0]) / Double(2 * counts[0] + counts[1] + counts[2])
    #expect(abs(found.referenceF1.micro - expected) <= 1e-12)
  }

  @Test func q8Runs() throws {
    let found = try verdict(Converted.q8.get(), reference: Self.reference)
    #expect(found.texts == 20 && found.tokenMismatches == 0 && found.notes.isEmpty)
    #expect(found.logitErrors.maximum.isFinite && found.logitErrors.maximum > 0)
    print("random-tiny, q8: \(found.flips) flips, largest logit error \(found.logitErrors.maximum)")
  }

  @Test func ownReferenceIsAsGood() throws {
    let data = try DataSet(path: Fixtures.randomTiny + "/eval.jsonl")
    let model = try GLiClassModel(path: Converted.f32.get())
    let found = try Verifier(model: model, session: model.makeSession()).verify(
      ReferenceOutputs(checkpoint: Fixtures.randomTiny, data: data), data: data, threshold: 0.5,
      bounds: VerificationBounds(f1Drift: 0, logitError: 1e-3))
    #expect(found.passes && found.flips == 0 && found.tokenMismatches == 0 && found.notes.isEmpty)
  }

  /// Logits of two labels exchanged: the largest error is their distance, and the bound is exceeded.
  @Test func swappedLogitsFail() throws {
    let path = try tampered { lines in
      lines[1] = lines[1].replacingOccurrences(of: "[1.439013, 5.918958,", with: "[5.918958, 1.439013,")
    }
    let bounds = VerificationBounds(f1Drift: 1, logitError: 1e-3)
    let found = try verdict(Converted.f32.get(), reference: path, bounds: bounds)
    #expect(abs(found.logitErrors.maximum - (5.918958 - 1.439013)) < 1e-3)
    #expect(!found.passes && found.judgements.map(\.passes) == [true, false])
    #expect(found.tokenMismatches == 0)
    #expect(found.table.split(separator: "\n").last?.hasPrefix("verdict: FAIL ") == true)
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
    let found = try verdict(Converted.f32.get(), reference: path, bounds: VerificationBounds(logitError: 1e-3))
    #expect(found.flips == found.decisions && found.flipRate == 1 && !found.passes)
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
    #expect(found.decisions == 5 && abs(found.referenceF1.micro - 2.0 / 6) <= 1e-12)
    #expect(found.flips == 1)
    let higher = try verdict(Converted.f32.get(), reference: path, data: data, threshold: Float(0.5).nextUp)
    #expect(higher.referenceF1.micro == 0)
  }

  @Test func otherTokensAreCounted() throws {
    let path = try tampered { lines in
      for index in 1...3 {
        lines[index] = lines[index].replacingOccurrences(of: "\"input_ids\": [1, ", with: "\"input_ids\": [3, ")
      }
    }
    let found = try verdict(Converted.f32.get(), reference: path)
    #expect(found.tokenMismatches == 3 && found.logitErrors.maximum <= 1e-3)
    #expect(found.table.contains("differ in 3 of 20 texts"))
  }

  @Test func referenceOfAnotherCheckpoint() throws {
    let debian = try #require(try ReferenceOutputs(path: Fixtures.debianTags + "/reference.jsonl").checkpointSHA256)
    let tiny = try #require(try ReferenceOutputs(path: Self.reference).checkpointSHA256)
    let path = try tampered { $0[0] = $0[0].replacingOccurrences(of: tiny, with: debian) }
    let found = try verdict(Converted.f32.get(), reference: path)
    #expect(found.notes == ["the reference was made from another checkpoint (sha256 e1602d73a381…)"])
    #expect(found.table.contains("\nnote: the reference was made from another checkpoint"))
  }

  @Test func referenceOfAnotherLength() throws {
    let path = try tampered {
      $0[0] = $0[0].replacingOccurrences(of: "\"max_length\": 1024", with: "\"max_length\": 512")
    }
    let found = try verdict(Converted.f32.get(), reference: path)
    #expect(found.notes == ["the reference truncates at 512 tokens, the model at 1024"])
  }

  @Test func lineWithoutAPartner() throws {
    let model = try GLiClassModel(path: Converted.f32.get())
    let verifier = try Verifier(model: model, session: try model.makeSession())
    let data = try DataSet(path: Fixtures.randomTiny + "/eval.jsonl")
    for (line, from, to) in [(3, "\"Tackdre|\"", "\"Tackdre\""), (3, "[\"grutwerou pai\"]", "[\"grutwerou\"]")] {
      let path = try tampered { $0[line - 1] = $0[line - 1].replacingOccurrences(of: from, with: to) }
      let reference = try ReferenceOutputs(path: path)
      let error = verificationError { () throws(VerificationError) in
        try verifier.verify(reference, data: data, threshold: 0.5, bounds: VerificationBounds())
      }
      guard case .noPartner(path, line, _, data.path) = error else {
        Issue.record("expected noPartner, found \(error.map { "\($0)" } ?? "no error")")
        continue
      }
      #expect(error?.exitStatus == .badData)
    }
  }

  /// A reference that was cut off does not pass for one that agrees.
  @Test func textWithoutAReference() throws {
    let path = try tampered { $0.removeLast() }
    let data = try DataSet(path: Fixtures.randomTiny + "/eval.jsonl")
    let reference = try ReferenceOutputs(path: path)
    let model = try GLiClassModel(path: Converted.f32.get())
    let verifier = try Verifier(model: model, session: try model.makeSession())
    let error = verificationError { () throws(VerificationError) in
      try verifier.verify(reference, data: data, threshold: 0.5, bounds: VerificationBounds())
    }
    guard case .noPartner(data.path, 20, _, path) = error else {
      Issue.record("expected noPartner, found \(error.map { "\($0)" } ?? "no error")")
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
    let model = try GLiClassModel(path: output)
    let verifier = try Verifier(model: model, session: try model.makeSession())
    let data = try DataSet(path: Fixtures.randomTiny + "/eval.jsonl")
    func verdict(_ adapter: String?) throws -> Verdict {
      try verifier.verify(
        ReferenceOutputs(checkpoint: Fixtures.randomTiny, adapter: adapter, data: data), data: data, threshold: 0.5,
        bounds: VerificationBounds(f1Drift: nil, logitError: 1e-3))
    }
    let own = try verdict(adapter)
    #expect(own.passes && own.notes.isEmpty && own.tokenMismatches == 0)
    print("\(name), f32: largest logit error \(own.logitErrors.maximum)")
    let base = try verdict(nil)
    #expect(!base.passes && base.notes.contains { $0.contains("another checkpoint") })
  }
}
