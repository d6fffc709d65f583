import Hashing
import ModelCore
import Testing

@Suite struct SHA256Tests {
  private func digest(_ pieces: [[UInt8]]) -> String {
    let hasher = SHA256()
    for piece in pieces { hasher.update(piece) }
    return Formatting.hexadecimal(hasher.finish())
  }

  /// The examples that NIST publishes for FIPS 180, and the digest of nothing.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedExamples(_ message: String, _ expected: String) {
    #expect(digest([Array(message.utf8)]) == expected)
    #expect(digest(message.utf8.map { [$0] }) == expected, "byte by byte")
  }

  @Test func aMillionTimesTheLetterA() {
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    #expect(digest(Array(repeating: [UInt8](repeating: 0x61, count: 1000), count: 1000)) == expected)
  }

  @Test func finishingBeginsAnew() {
    let hasher = SHA256()
    hasher.update(Array("abc".utf8))
    let first = hasher.finish()
    hasher.update(Array("abc".utf8))
    #expect(hasher.finish() == first)
  }
}
