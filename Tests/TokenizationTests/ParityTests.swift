import CKernels
import CLibZip
import Glibc
import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// 20,480 strings through many small tokenizers: the ids of the Python libraries, recorded by Scripts/tokenizer_families.py.
@Suite struct ParityTests {
  /// How many blocks of strings are passed over for one that is looked at: fewer for the families that models have, and none
  /// with `GLC_PARITY=all`.
  private static func step(_ set: ParityVectors.TokenizerSet) -> Int {
    if getenv("GLC_PARITY") != nil { return 1 }
    return ["deberta", "mdeberta-bytes", "modernbert", "ettin-prefix"].contains(set.name) ? 4 : 20
  }

  @Test(arguments: ParityVectors.sets)
  func idsAreThoseOfThePythonLibraries(_ set: ParityVectors.TokenizerSet) throws {
    let vectors = try ParityVectors.shared.get()
    let tokenizer = try CompiledTokenizer(copying: set.compile(), path: set.name)
    try compareSamples(vectors, tokenizer, set.name)
    try compareBlocks(vectors, tokenizer, set)
  }

  private func compareSamples(_ vectors: ParityVectors, _ tokenizer: CompiledTokenizer, _ name: String) throws {
    let lines = try vectors.archive.entry("\(name).sample.jsonl").split(separator: UInt8(ascii: "\n"))
    #expect(lines.count >= vectors.strings.count / 40)
    for line in lines {
      let row = try JSONDocument(copying: Array(line), path: name)
      let index = try row.root.required("i").requireInt(in: 0...vectors.strings.count - 1)
      let expected = try row.root.required("ids").elements().map { Int32(try $0.requireInt(in: 0...1 << 22)) }
      let text = String(decoding: vectors.strings[index], as: UTF8.self)
      #expect(try tokenizer.encode(text) == expected, "string \(index) \(text.debugDescription)")
    }
  }

  private func compareBlocks(
    _ vectors: ParityVectors, _ tokenizer: CompiledTokenizer, _ set: ParityVectors.TokenizerSet
  ) throws {
    let checksums = try vectors.archive.entry("\(set.name).crc")
    let block = vectors.blockSize
    #expect(checksums.count == 4 * vectors.strings.count / block)
    var scratch = EncodingScratch()
    var different: [Int] = []
    for number in stride(from: 0, to: checksums.count / 4, by: Self.step(set)) {
      var words: [UInt32] = []
      for index in block * number..<block * (number + 1) {
        var ids: [Int32] = []
        try vectors.strings[index].withUnsafeBufferPointer { text in
          try tokenizer.encode(utf8: text, scratch: &scratch, into: &ids)
        }
        words.append(UInt32(ids.count))
        words += ids.map { UInt32(bitPattern: $0) }
      }
      let expected = (0..<4).reduce(0) { $0 | UInt32(checksums[4 * number + $1]) << UInt32(8 * $1) }
      if ParityVectors.checksum(words) != expected { different.append(number) }
    }
    #expect(
      different.isEmpty,
      """
      \(different.count) blocks of \(block) strings have other ids, the first at string \(block * (different.first ?? 0)); \
      see Scripts/tokenizer_families.py compare
      """)
  }
}

/// `parity.zip`: the strings, and for every tokenizer the checksum of its ids for each.
struct ParityVectors: Sendable {
  struct TokenizerSet: Sendable, CustomTestStringConvertible {
    let name: String
    let profile: String
    let folder: String
    /// The files of the folder that the library was given.
    let files: [String]

    var testDescription: String { name }

    /// The section that the reader of the profile makes of the files.
    func compile() throws -> [UInt8] {
      func path(_ name: String) -> String? { files.contains(name) ? "\(Fixtures.root)/\(folder)/\(name)" : nil }
      func root(_ name: String) throws -> JSONValue? { try path(name).map { try JSONDocument(contentsOf: $0).root } }
      let profile = profile == "transformers-5" ? TokenizerProfile.transformers5 : .tokenizers
      let settings = (
        configuration: try root("tokenizer_config.json"), added: try root("added_tokens.json"),
        map: try root("special_tokens_map.json")
      )
      if let tokenizer = try root("tokenizer.json") {
        return try TokenizerCompiler.compile(
          tokenizer: tokenizer, configuration: settings.configuration, addedTokensFile: settings.added,
          specialTokensMap: settings.map, profile: profile, path: name
        ).bytes
      }
      let model = try #require(path("spm.model") ?? path("spiece.model"))
      return try TokenizerCompiler.compile(
        sentencePieceModel: Fixtures.bytes(model), addedTokens: [], configuration: settings.configuration,
        addedTokensFile: settings.added, specialTokensMap: settings.map, profile: profile, path: name
      ).bytes
    }
  }

  let archive: ZipFile
  let strings: [[UInt8]]
  /// Strings that share a checksum.
  let blockSize: Int

  static let shared = Result { try ParityVectors() }
  static let sets: [TokenizerSet] = (try? readSets()) ?? []

  private init() throws {
    archive = ZipFile(path: "\(Fixtures.vectors)/parity.zip")
    let reference = try JSONDocument(copying: archive.entry("reference.json"), path: "reference.json")
    blockSize = try reference.root.required("block").requireInt(in: 1...64)
    strings = try archive.entry("strings.jsonl").split(separator: UInt8(ascii: "\n")).map { line in
      Array(
        try JSONDocument(copying: [0x5B] + line + [0x5D], path: "strings.jsonl").root.element(0).requireString().utf8)
    }
  }

  private static func readSets() throws -> [TokenizerSet] {
    let bytes = try ZipFile(path: "\(Fixtures.vectors)/parity.zip").entry("reference.json")
    let root = try JSONDocument(copying: bytes, path: "reference.json").root
    return try root.required("sets").elements().map { set in
      TokenizerSet(
        name: try set.required("name").requireString(), profile: try set.required("profile").requireString(),
        folder: try set.required("folder").requireString(), files: try set.required("files").keys)
    }
  }

  /// CRC-32 of words as they lie in little-endian memory.
  static func checksum(_ words: [UInt32]) -> UInt32 {
    words.map(\.littleEndian).withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) }
  }
}

/// Entries of a zip file, by libzip.
struct ZipFile: Sendable {
  struct Unreadable: Error {
    let path: String
    let entry: String
  }

  let path: String

  func entry(_ name: String) throws -> [UInt8] {
    var status: Int32 = 0
    guard let archive = zip_open(path, ZIP_RDONLY, &status) else { throw Unreadable(path: path, entry: name) }
    defer { zip_discard(archive) }
    var information = zip_stat_t()
    guard zip_stat(archive, name, 0, &information) == 0, let file = zip_fopen(archive, name, 0) else {
      throw Unreadable(path: path, entry: name)
    }
    defer { zip_fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Int(information.size))
    // The buffer's address is optional in some versions of libzip and not in others.
    let size = bytes.count
    let count = zip_fread(file, &bytes, zip_uint64_t(size))
    guard count == size else { throw Unreadable(path: path, entry: name) }
    return bytes
  }
}
