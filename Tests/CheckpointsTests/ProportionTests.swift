import Checkpoints
import ModelCore
import Testing

/// Files that ask for far more memory or work than their size justifies: each is refused, or read in no time.
@Suite struct ProportionTests {
  /// A pickle piece by piece.
  private struct Pickle {
    var bytes: [UInt8] = [0x80, 2]

    mutating func string(_ text: String) {
      let count = UInt32(text.utf8.count)
      bytes += [0x58] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * UInt32($0))) } + Array(text.utf8)
    }

    mutating func global(_ module: String, _ name: String) { bytes += Array("c\(module)\n\(name)\n".utf8) }

    /// The storage `key` of four floats.
    mutating func storage(_ key: String) {
      bytes += Array("(".utf8)
      string("storage")
      global("torch", "FloatStorage")
      string(key)
      string("cpu")
      bytes += Array("K\u{4}tQ".utf8)
    }

    func refusal() -> PickleViolation? {
      bytes.withUnsafeBytes { bytes in
        guard
          case .pickle(_, _, let violation)? = checkpointError({ () throws(CheckpointError) in
            try StateDictionary(pickle: bytes, path: "small.pt")
          })
        else { return nil }
        return violation
      }
    }
  }

  /// One scalar whose metadata has `entries` that say nothing.
  private func scalar(key: String = "0", metadataEntries entries: Int) -> Pickle {
    var pickle = Pickle()
    pickle.bytes += Array("}".utf8)
    pickle.string("a")
    pickle.global("torch._utils", "_rebuild_tensor_v2")
    pickle.bytes += Array("(".utf8)
    pickle.storage(key)
    // Offset, size, stride, requires_grad, hooks, metadata.
    pickle.bytes += Array("K\u{0}))".utf8) + [0x89] + Array("}}(".utf8)
    for _ in 0..<entries { pickle.bytes += [0x89, 0x89] }
    pickle.bytes += Array("utRs.".utf8)
    return pickle
  }

  @Test func metadataIsShort() {
    #expect(scalar(metadataEntries: 8).refusal() == nil)
    #expect(
      scalar(metadataEntries: 9).refusal() == .tensorField("metadata", expected: "at most 8 entries", found: "9"))
  }

  @Test func keysOfStoragesAreShort() {
    #expect(scalar(key: String(repeating: "7", count: 64), metadataEntries: 0).refusal() == nil)
    #expect(
      scalar(key: String(repeating: "7", count: 65), metadataEntries: 0).refusal()
        == .operand("persistent id", expected: "a string of at most 64 bytes", found: "a string of 65 bytes"))
  }

  @Test func oneKeyIsNotCopiedForEachUse() {
    func dictionary(uses: Int) -> Pickle {
      var pickle = Pickle()
      pickle.bytes += Array("}(".utf8)
      pickle.string(String(repeating: "k", count: 500))
      pickle.bytes += Array("q\u{1}N".utf8)
      for _ in 1..<uses { pickle.bytes += Array("h\u{1}N".utf8) }
      pickle.bytes += Array("u.".utf8)
      return pickle
    }
    #expect(dictionary(uses: 1).refusal() == nil)
    let name = String(repeating: "k", count: 60)
    #expect(
      dictionary(uses: 2).refusal() == .operand("dictionary", expected: "each key once", found: "\"\(name)\" again"))
  }

  @Test func atMostEightPrefixesAreRemoved() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "module.", count: 50_000) + "weight"
    let header = "{\"\(name)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}"
    let weights = try Checkpoint.open(folder.checkpoint(weights: safetensors(header))).weights
    #expect(weights.removedPrefixes == Array(repeating: "module.", count: 8))
    #expect(weights.tensors.map(\.name) == [String(name.dropFirst(8 * 7))])
  }
}
