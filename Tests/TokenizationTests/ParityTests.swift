import CKernels
import CLibZip
import Glibc
import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// 20,480 strings through many small tokenizers: the ids of the Python libraries, recorded by Scripts/tokenizer_families.py.
@Suite struct ParityTests {
  /// All strings of the families that models have, and of the others every so manieth, unless `GLC_PARITY=all` is set.
  private static let step = getenv("GLC_PARITY") == nil ? 16 : 1
  private static let families: Set<String> = ["deberta", "mdeberta-bytes", "modernbert", "ettin-prefix"]

  @Test(arguments: ParityVectors.sets)
  func idsAreThoseOfThePythonLibraries(_ set: ParityVectors.TokenizerSet) throws {
    let vectors = try ParityVectors.shared.get()
    let tokenizer = try CompiledTokenizer(copying: set.compile(), path: set.name)
    let checksums = try vectors.archive.entry("\(set.name).crc")
    #expect(checksums.count == 4 * vectors.strings.count)
    let step = Self.families.contains(set.name) ? min(Self.step, 2) : Self.step
    var scratch = EncodingScratch()
    var different: [Int] = []
    for index in stride(from: 0, to: vectors.strings.count, by: step) {
      var ids: [Int32] = []
      try vectors.strings[index].withUnsafeBufferPointer { text in
        try tokenizer.encode(utf8: text, scratch: &scratch, into: &ids)
      }
      let expected = (0..<4).reduce(0) { $0 | UInt32(checksums[4 * index + $1]) << UInt32(8 * $1) }
      if ParityVectors.checksum(ids) != expected { different.append(index) }
    }
    for index in different.prefix(5) {
      let text = String(decoding: vectors.strings[index], as: UTF8.self)
      Issue.record("string \(index) \(text.debugDescription): found \(try tokenizer.encode(text))")
    }
    #expect(different.isEmpty, "\(different.count) of \(vectors.strings.count / step), every \(step)th looked at")
  }

  @Test(arguments: ParityVectors.sets)
  func samplesShowTheSameIDs(_ set: ParityVectors.TokenizerSet) throws {
    let vectors = try ParityVectors.shared.get()
    let tokenizer = try CompiledTokenizer(copying: set.compile(), path: set.name)
    let lines = try vectors.archive.entry("\(set.name).sample.jsonl").split(separator: UInt8(ascii: "\n"))
    #expect(lines.count >= vectors.strings.count / 40)
    for line in lines {
      let row = try JSONDocument(copying: Array(line), path: set.name)
      let index = try row.root.required("i").requireInt(in: 0...vectors.strings.count - 1)
      let expected = try row.root.required("ids").elements().map { Int32(try $0.requireInt(in: 0...1 << 22)) }
      let text = String(decoding: vectors.strings[index], as: UTF8.self)
      #expect(try tokenizer.encode(text) == expected, "string \(index) \(text.debugDescription)")
    }
  }
}

/// `parity.zip`: the strings, and for every tokenizer the checksum of its ids for each.
struct ParityVectors: Sendable {
  struct TokenizerSet: Sendable, CustomTestStringConvertible {
    let name: String
    let profile: String
    let folder: String

    var testDescription: String { name }

    func compile() throws -> [UInt8] {
      let path = "\(Fixtures.root)/\(folder)/tokenizer.json"
      let document = try JSONDocument(copying: Fixtures.bytes(path), path: path)
      return try TokenizerCompiler.compile(tokenizer: document.root, path: path).bytes
    }
  }

  let archive: ZipFile
  let strings: [[UInt8]]

  static let shared = Result { try ParityVectors() }
  static let sets: [TokenizerSet] = (try? readSets()) ?? []

  private init() throws {
    archive = ZipFile(path: "\(Fixtures.vectors)/parity.zip")
    strings = try archive.entry("strings.jsonl").split(separator: UInt8(ascii: "\n")).map { line in
      Array(try JSONDocument(copying: [0x5B] + line + [0x5D], path: "strings.jsonl").root.element(0).requireString().utf8)
    }
  }

  private static func readSets() throws -> [TokenizerSet] {
    let bytes = try ZipFile(path: "\(Fixtures.vectors)/parity.zip").entry("reference.json")
    let root = try JSONDocument(copying: bytes, path: "reference.json").root
    return try root.required("sets").elements().map { set in
      TokenizerSet(
        name: try set.required("name").requireString(), profile: try set.required("profile").requireString(),
        folder: try set.required("folder").requireString())
    }
  }

  /// CRC-32 of the ids as little-endian words.
  static func checksum(_ ids: [Int32]) -> UInt32 {
    ids.map(\.littleEndian).withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) }
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
    let count = bytes.withUnsafeMutableBytes { zip_fread(file, $0.baseAddress, zip_uint64_t($0.count)) }
    guard count == bytes.count else { throw Unreadable(path: path, entry: name) }
    return bytes
  }
}
