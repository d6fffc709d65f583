/// Ids of words that came up before: texts repeat their words, and a word's ids depend on nothing around it.
///
/// Direct-mapped and exact: an entry holds the whole word. It belongs to one tokenizer at a time.
struct WordCache: ~Copyable {
  /// Longer words, and words of more ids, are not kept.
  static let maximumWordSize = 24
  static let maximumIDs = 6
  private static let entryCount = 8192

  private struct Entry: BitwiseCopyable {
    /// The word, padded with zeros; its size, with which an unused entry (0) matches no word.
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var size: UInt8 = 0
    var idCount: UInt8 = 0
    var ids: (Int32, Int32, Int32, Int32, Int32, Int32) = (0, 0, 0, 0, 0, 0)
  }

  /// A word as entries hold it.
  struct Key {
    fileprivate let words: (UInt64, UInt64, UInt64)
    fileprivate let size: UInt8

    fileprivate var slot: Int {
      let mixed =
        (words.0 ^ words.1 &* 0x9E37_79B9_7F4A_7C15 ^ words.2 &* 0xC2B2_AE3D_27D4_EB4F) &* 0xFF51_AFD7_ED55_8CCD
      return Int(truncatingIfNeeded: (mixed ^ mixed >> 29) >> 20) & (entryCount - 1)
    }
  }

  private var entries: UnsafeMutablePointer<Entry>?
  private var owner: CompiledTokenizer?

  init() {}

  deinit { entries?.deallocate() }

  /// Makes this the cache of `tokenizer`: empty, unless it was before.
  mutating func prepare(for tokenizer: CompiledTokenizer) {
    guard owner !== tokenizer else { return }
    owner = tokenizer
    let table = entries ?? UnsafeMutablePointer<Entry>.allocate(capacity: Self.entryCount)
    table.initialize(repeating: Entry(), count: Self.entryCount)
    entries = table
  }

  /// The key of `word`, or `nil` where it is too long to be kept.
  @inline(__always) static func key(_ word: UnsafeBufferPointer<UInt8>) -> Key? {
    guard word.count <= maximumWordSize else { return nil }
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: UnsafeRawBufferPointer(word)) }
    return Key(words: words, size: UInt8(word.count))
  }

  /// Appends the ids of the word of `key`, if they are known.
  @inline(__always) func append(_ key: Key, to ids: inout [Int32]) -> Bool {
    guard let entries else { return false }
    let entry = entries[key.slot]
    guard entry.size == key.size, entry.words == key.words else { return false }
    ids.append(entry.ids.0)
    if entry.idCount > 1 {
      withUnsafeBytes(of: entry.ids) { ids.append(contentsOf: $0.bindMemory(to: Int32.self)[1..<Int(entry.idCount)]) }
    }
    return true
  }

  /// Keeps the ids of the word of `key`: those of `ids` from `first` on, if they are not too many.
  @inline(__always) mutating func insert(_ key: Key, _ ids: [Int32], from first: Int) {
    let count = ids.count - first
    guard let entries, count > 0, count <= Self.maximumIDs else { return }
    var entry = Entry(words: key.words, size: key.size, idCount: UInt8(count))
    withUnsafeMutableBytes(of: &entry.ids) { bytes in
      for index in 0..<count { bytes.storeBytes(of: ids[first + index], toByteOffset: 4 * index, as: Int32.self) }
    }
    entries[key.slot] = entry
  }
}
