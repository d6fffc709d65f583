package struct PatternTable: Sendable {
  init(_ bytes: UnsafeRawBufferPointer, properties: ScalarProperties, path: String) throws(TokenizationError) {}
  func matcher(_ n: Int, field: String) throws(TokenizationError) -> PatternMatcher {
    throw .malformed(path: "", field: field, expected: "", found: "")
  }
}
package struct PatternMatcher: Sendable {
  @inline(__always) package func next(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? { nil }
}
package enum NormalizationForm: Sendable { case nfc, nfd, nfkc, nfkd }
struct NormalizationScratch: ~Copyable { mutating func trim(toBytes: Int) {} }
struct UnicodeMappings: Sendable {
  init(
    trie: UnsafeRawBufferPointer, textOffsets: UnsafeRawBufferPointer, texts: UnsafeRawBufferPointer,
    properties: ScalarProperties, path: String
  ) {}
  func normalize(
    _ text: UnsafeBufferPointer<UInt8>, form: NormalizationForm, origin: Int, into: inout ScratchBuffer<UInt8>,
    _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) -> Int { 0 }
  func lowercase(_ text: UnsafeBufferPointer<UInt8>, origin: Int, into: inout ScratchBuffer<UInt8>)
    throws(TokenizationError) -> Int
  { 0 }
  func stripAccents(_ text: UnsafeBufferPointer<UInt8>, origin: Int, into: inout ScratchBuffer<UInt8>) -> Int { 0 }
}
