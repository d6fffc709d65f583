import Testing
import Tokenization
import TokenizerCompiler

/// Tries against a plain search through the list of keys.
@Suite struct DoubleArrayTests {
  private func randomKeys(_ generator: inout SeededGenerator) -> [([UInt8], UInt32)] {
    let count = Int.random(in: 0...400, using: &generator)
    let alphabet = Int.random(in: 1...255, using: &generator)
    return (0..<count).map { index in
      let size = Int.random(in: 0...6, using: &generator)
      return ((0..<size).map { _ in UInt8(Int.random(in: 1...alphabet, using: &generator)) }, UInt32(index))
    }
  }

  private func withTrie(_ units: [UInt32], _ body: (DoubleArray) -> Void) {
    units.withUnsafeBytes { body(DoubleArray($0)) }
  }

  @Test(arguments: 0..<40) func lookupsAgreeWithASearchThroughTheList(_ seed: Int) throws {
    var generator = SeededGenerator(state: UInt64(seed))
    let keys = randomKeys(&generator)
    let units = try #require(DoubleArrayBuilder.build(keys))
    let last = Dictionary(keys, uniquingKeysWith: { $1 }).filter { !$0.key.isEmpty }
    let probes = keys.map(\.0) + randomKeys(&generator).map(\.0) + keys.map { $0.0 + [7, 9] }
    withTrie(units) { trie in
      for probe in probes {
        let prefixes = (0...probe.count).compactMap { size in last[Array(probe[..<size])].map { (size, $0) } }
        probe.withUnsafeBufferPointer { bytes in
          #expect(trie.value(forKey: bytes) == last[probe])
          #expect(trie.shortestPrefixValue(of: bytes) == prefixes.first?.1)
          let longest = trie.longestPrefix(of: bytes, limit: 1000)
          #expect(longest?.size == prefixes.last?.0)
          #expect(longest?.value == prefixes.last?.1)
        }
      }
    }
  }

  @Test(arguments: 0..<10) func basesAreUniqueAndUnitsSayWhatTheSpecificationSays(_ seed: Int) throws {
    var generator = SeededGenerator(state: UInt64(1000 + seed))
    let keys = randomKeys(&generator)
    let units = try #require(DoubleArrayBuilder.build(keys))
    // An independent walk by formats/tokenizer.md collects exactly the keys.
    var found: [[UInt8]: UInt32] = [:]
    var bases: Set<UInt32> = []
    var pending: [(Int, [UInt8])] = units.isEmpty ? [] : [(0, [])]
    while let (index, key) = pending.popLast() {
      let unit = units[index]
      let (kind, payload) = (unit >> 8 & 3, unit >> 10)
      if kind == 2 { found[key] = payload }
      guard kind < 2 else { continue }
      #expect(bases.insert(payload).inserted)
      if kind == 1 { found[key] = units[Int(payload)] >> 10 }
      for byte in 1...255 {
        let child = Int(payload) ^ byte
        if child < units.count, units[child] & 0xFF == byte, units[child] >> 8 & 3 != 3 {
          pending.append((child, key + [UInt8(byte)]))
        }
      }
    }
    #expect(found == Dictionary(keys, uniquingKeysWith: { $1 }).filter { !$0.key.isEmpty })
  }

  @Test func anEmptyTrieFindsNothing() {
    withTrie([]) { trie in
      [UInt8](arrayLiteral: 1, 2).withUnsafeBufferPointer {
        #expect(trie.value(forKey: $0) == nil)
        #expect(trie.longestPrefix(of: $0, limit: 9) == nil)
      }
    }
  }

  @Test func walksThroughNonsenseEnd() {
    var generator = SeededGenerator(state: 5)
    for _ in 0..<300 {
      let units = (0..<Int.random(in: 0...600, using: &generator)).map { _ in
        UInt32.random(in: 0...UInt32.max, using: &generator)
      }
      let text = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
      withTrie(units) { trie in
        text.withUnsafeBufferPointer {
          _ = trie.value(forKey: $0)
          _ = trie.shortestPrefixValue(of: $0)
          _ = trie.longestPrefix(of: $0, limit: 1000)
        }
      }
    }
  }
}
