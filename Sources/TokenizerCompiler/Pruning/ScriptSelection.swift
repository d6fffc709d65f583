import Tokenization

/// Some of the scripts of Unicode, and which pieces of a vocabulary they leave.
package struct ScriptSelection: Sendable {
  /// A name that is none of a script.
  package struct Unknown: Error, Equatable {
    package let name: String

    package init(name: String) { self.name = name }
  }

  /// Of every script, by its number, whether it is one of these. Number 0 is no script, or all of them: it takes nothing away.
  private var isSelected: [Bool]
  /// The scripts by their full names, without repetitions, in the order of their codes.
  package let names: [String]

  /// - Parameter names: full names (`latin`, `old_italic`) or codes of ISO 15924 (`Latn`), in whatever case, with spaces, hyphens or
  ///   underscores.
  /// - Throws: ``Unknown``, for the first name that is none.
  package init(_ names: [String]) throws(Unknown) {
    isSelected = Array(repeating: false, count: ScriptData.names.count + 1)
    isSelected[0] = true
    for name in names {
      let key = Self.key(name)
      guard let index = Self.keys.firstIndex(where: { $0.contains(key) }) else { throw Unknown(name: name) }
      isSelected[index + 1] = true
    }
    let isSelected = isSelected
    self.names = Self.known.indices.filter { isSelected[$0 + 1] }.map { Self.known[$0] }
  }

  /// The full names of all scripts, in the order of their codes.
  package static let known = ScriptData.names.map { String($0.split(separator: " ")[1]) }

  private static let keys = ScriptData.names.map { $0.split(separator: " ").map { key(String($0)) } }

  private static func key(_ name: String) -> String {
    String(name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " })
  }

  /// The number of the script of `scalar`.
  package static func number(of scalar: Unicode.Scalar) -> Int {
    let runs = ScriptData.runs
    // The last run that begins at the scalar or before it: the first begins at 0.
    var (low, high) = (0, runs.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle] >> 8 <= scalar.value { low = middle } else { high = middle }
    }
    return Int(runs[low] & 0xFF)
  }

  /// Whether every character of `text` that is of one script is of one of these.
  func accepts(_ text: some Sequence<Unicode.Scalar>) -> Bool {
    text.allSatisfy { isSelected[Self.number(of: $0)] }
  }
}

extension TokenizerSource {
  /// Whether all characters of the piece `id` that belong to one script belong to one of `scripts`. Digits, punctuation, symbols and
  /// spaces belong to all. In a byte-level piece, bytes that are no whole character say nothing.
  package func isPiece(_ id: Int, of scripts: ScriptSelection) -> Bool {
    switch model {
    case .unigram: scripts.accepts(String(decoding: pieces.bytes(id), as: UTF8.self).unicodeScalars)
    case .bytePairs: scripts.accepts(String(decoding: spelledBytes(id), as: UTF8.self).unicodeScalars)
    }
  }

  /// The bytes that a piece of the byte-level alphabet spells; characters that are not of it stand for themselves.
  private func spelledBytes(_ id: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in String(decoding: pieces.bytes(id), as: UTF8.self).unicodeScalars {
      if let byte = Self.bytesBySpelling[scalar] {
        bytes.append(byte)
      } else {
        bytes += UTF8.encode(scalar) ?? .init()
      }
    }
    return bytes
  }

  private static let bytesBySpelling = Dictionary(
    uniqueKeysWithValues: zip(ByteLevelAlphabet.characters, UInt8.min...UInt8.max))
}
