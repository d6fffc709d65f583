import Foundation
import FuzzTargets
import Testing

/// Replays what fuzzing kept (docs/fuzzing.md), and a fixed number of mutations of it, through the fuzzer's entry functions.
/// A trap ends the test run; what else must hold of an outcome is in `FuzzOutcome.violation`.
@Suite struct FuzzReplayTests {
  private static let mutationCount = 2000

  @Test(arguments: FuzzTarget.all.map(\.name))
  func keptInputsAreAcceptedOrRefusedByTheContract(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let corpus = try KeptInputs("Corpus/\(name)")
    try #require(!corpus.inputs.isEmpty, "no corpus")
    for (file, bytes) in try corpus.inputs + KeptInputs("FailCases/\(name)").inputs {
      #expect(bytes.withUnsafeBytes(target.run).violation == nil, "\(file)")
    }
    let accepted = corpus.inputs.filter { $0.bytes.withUnsafeBytes(target.run).outcome == .accepted }
    #expect(!accepted.isEmpty, "nothing is accepted")
    #expect(accepted.count < corpus.inputs.count, "nothing is refused")
  }

  @Test(arguments: FuzzTarget.all.map(\.name))
  func mutationsAreAcceptedOrRefusedByTheContract(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let kept = try KeptInputs("Corpus/\(name)").inputs + KeptInputs("FailCases/\(name)").inputs
    try #require(!kept.isEmpty, "no corpus")
    var mutator = Mutator(seed: 2026)
    for round in 0..<Self.mutationCount {
      let (file, bytes) = kept[round % kept.count]
      let other = kept[mutator.below(kept.count)].bytes
      let mutated = mutator.mutate(bytes, crossing: other)
      let violation = mutated.withUnsafeBytes(target.run).violation
      #expect(violation == nil, "round \(round), from \(file): \(Data(mutated).base64EncodedString())")
    }
  }

  @Test func everyKeptFolderIsOfATarget() throws {
    let names = Set(FuzzTarget.all.map(\.name))
    for kind in ["Corpus", "FailCases"] {
      let folders = try FileManager.default.contentsOfDirectory(atPath: KeptInputs.folder(kind))
      #expect(Set(folders).isSubset(of: names), "\(kind)")
    }
  }
}

/// The files of a folder in Tests/Fuzzing, in the order of their names. A folder of fail cases need not be there.
private struct KeptInputs {
  let inputs: [(file: String, bytes: [UInt8])]

  static func folder(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fuzzing/\(name)").path()
  }

  init(_ name: String) throws {
    let folder = Self.folder(name)
    guard name.hasPrefix("Corpus") || FileManager.default.fileExists(atPath: folder) else {
      inputs = []
      return
    }
    inputs = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { file in
      ("\(name)/\(file)", Array(try Data(contentsOf: URL(filePath: "\(folder)/\(file)"))))
    }
  }
}
