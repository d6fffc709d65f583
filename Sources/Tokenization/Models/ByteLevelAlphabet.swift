/// The byte-level alphabet of GPT-2: bytes that are printable in Latin-1 stand for themselves, the others, in order, for U+0100
/// and those behind it (`bytes_to_unicode` of GPT-2's `encoder.py`; `bytes_char` of `tokenizers`).
package enum ByteLevelAlphabet {
  /// The character of each byte.
  package static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
      }
    }
  }()

  private static let spellings: [[UInt8]] = characters.map { Array(String($0).utf8) }

  /// The UTF-8 of the character of `byte`.
  package static func spelling(of byte: UInt8) -> [UInt8] { spellings[Int(byte)] }
}
