import ModelCore

/// Which rows of the checkpoint's embedding table the rows of a `.glc` are, where its vocabulary was made smaller: the optional section of
/// formats/glc.md, "Vocabulary map". Nothing is computed by it; it says which ids of a reference the file's own are.
public struct VocabularyMap: Sendable, Equatable {
  /// The original row of every row: the original id of every id. Ascending.
  public let originals: [UInt32]

  /// - Parameter originals: ascending, and at least one.
  public init(_ originals: [UInt32]) {
    precondition(!originals.isEmpty && Self.isAscending(originals), "rows are kept in their order")
    self.originals = originals
  }

  /// Rows of the `.glc`.
  public var count: Int { originals.count }

  /// The original id of the token `id`; `nil` for none of this vocabulary.
  public func original(of id: Int32) -> Int32? {
    guard id >= 0, Int(id) < originals.count else { return nil }
    return Int32(exactly: originals[Int(id)])
  }

  /// The id of the token that was `original`; `nil` where it is not in this vocabulary.
  public func id(of original: Int32) -> Int32? {
    guard let value = UInt32(exactly: original) else { return nil }
    var (low, high) = (0, originals.count)
    while low < high {
      let middle = (low + high) / 2
      if originals[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < originals.count && originals[low] == value ? Int32(low) : nil
  }

  /// What `configuration`, of the checkpoint, is with these rows. A marker that had no row still has none.
  package func applied(to configuration: ModelConfiguration) -> ModelConfiguration {
    func number(_ original: Int) -> Int {
      Int32(exactly: original).flatMap { id(of: $0) }.map(Int.init) ?? original
    }
    var selected = configuration
    selected.encoder.vocabularySize = count
    selected.prompt.labelTokenID = number(configuration.prompt.labelTokenID)
    selected.prompt.separatorTokenID = number(configuration.prompt.separatorTokenID)
    selected.prompt.exampleTokenID = number(configuration.prompt.exampleTokenID)
    return selected
  }

  /// As of `vocabulary_size`.
  private static let limit: UInt32 = 10_000_000

  fileprivate static func isAscending(_ rows: [UInt32]) -> Bool {
    zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 }
  }
}

extension VocabularyMap {
  /// The bytes of the section.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * originals.count)
    for row in originals { bytes.append(littleEndian: row) }
    return bytes
  }

  /// Reads the section `bytes` of a file whose table has `rows` rows.
  fileprivate init(_ bytes: UnsafeRawBufferPointer, rows: Int, path: String) throws(GLCFormatError) {
    let part = OptionalSectionKind.vocabularyMap.name
    guard bytes.count == 4 * rows, rows > 0 else {
      throw .malformed(
        path: path, part: part, expected: "\(4 * rows) bytes, 4 for each row of embeddings.tokens",
        found: "\(bytes.count)")
    }
    originals = (0..<rows).map { bytes.integer(at: 4 * $0, UInt32.self) }
    guard let last = originals.last, Self.isAscending(originals), last < Self.limit else {
      throw .malformed(path: path, part: part, expected: "ascending ids below \(Self.limit)", found: "others")
    }
  }
}

extension GLCFile {
  /// Reads which original rows the vocabulary's are; `nil` where it was not made smaller. Opening a file does not look at this.
  /// - Throws: ``GLCFormatError/checksumMismatch(path:part:expected:found:)``, ``GLCFormatError/malformed(path:part:expected:found:)``, and
  ///   what reading throws.
  public func vocabularyMap() throws(GLCFormatError) -> VocabularyMap? {
    let kind = OptionalSectionKind.vocabularyMap
    guard let section = header.sections.first(where: { $0.kind == kind.rawValue }) else { return nil }
    let range = Int(section.offset)..<Int(section.offset + section.size)
    let bytes = UnsafeRawBufferPointer(rebasing: file.unsafeBytes[range])
    let found = Checksum.crc32(bytes)
    do throws(ModelCoreError) { try file.checkIntact() } catch { throw .file(error) }
    guard found == section.checksum else {
      throw .checksumMismatch(path: path, part: kind.name, expected: section.checksum, found: found)
    }
    return try VocabularyMap(bytes, rows: configuration.encoder.vocabularySize, path: path)
  }
}

/// The sections that a reader may skip.
enum OptionalSectionKind: UInt32 {
  case vocabularyMap = 5

  var name: String {
    switch self {
    case .vocabularyMap: "vocabulary map"
    }
  }
}

extension FileHeader {
  /// Adds the vocabulary map `bytes`, which lie behind the tokenizer.
  mutating func insert(vocabulary bytes: [UInt8], at offset: Int) {
    let section = Section(
      kind: OptionalSectionKind.vocabularyMap.rawValue, flags: 1, offset: UInt64(offset), size: UInt64(bytes.count),
      checksum: bytes.withUnsafeBytes { Checksum.crc32($0) })
    let index = sections.firstIndex { $0.offset > section.offset } ?? sections.count
    sections.insert(section, at: index)
    minor = max(minor, Self.minorVersionWithVocabularyMap)
  }
}
