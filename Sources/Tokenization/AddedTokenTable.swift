/// Added tokens: their records, sorted by id, and the tries that find them in text.
struct AddedTokenTable: @unchecked Sendable {
  /// One 32-byte record (formats/tokenizer.md, "Added tokens").
  struct Record {
    let id: UInt32
    let flags: UInt32
    let contentOffset: Int
    let contentSize: Int

    var isSingleWord: Bool { flags & SectionLayout.AddedToken.singleWord != 0 }
    var stripsLeft: Bool { flags & SectionLayout.AddedToken.leftStrip != 0 }
    var stripsRight: Bool { flags & SectionLayout.AddedToken.rightStrip != 0 }
  }

  let count: Int
  /// For raw text.
  let rawMatcher: AddedTokenMatcher
  /// For normalized text.
  let normalizedMatcher: AddedTokenMatcher
  // SAFETY: never written through; kept alive by the tokenizer that holds the view.
  private let records: UnsafeRawBufferPointer
  private let text: UnsafeRawBufferPointer

  init(_ header: SectionHeader) {
    count = header.summary.addedTokenCount
    records = header.part(.addedTokens)
    text = header.part(.addedTokenText)
    rawMatcher = AddedTokenMatcher(DoubleArray(header.part(.addedTokenTrie)), longestKey: header.longestAddedKey)
    normalizedMatcher = AddedTokenMatcher(
      DoubleArray(header.part(.normalizedAddedTokenTrie)), longestKey: header.longestAddedKey)
  }

  /// Record number `index`, or `nil` beyond the last.
  func record(_ index: Int) -> Record? {
    guard index >= 0, index < count else { return nil }
    let start = index * SectionLayout.AddedToken.recordSize
    func field(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: records.loadUnaligned(fromByteOffset: start + offset, as: UInt32.self))
    }
    return Record(id: field(0), flags: field(4), contentOffset: Int(field(8)), contentSize: Int(field(12)))
  }

  /// The record of the token `id`, or `nil`.
  func record(forID id: UInt32) -> Record? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      guard let record = record(middle) else { return nil }
      if record.id == id { return record }
      if record.id < id { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The record whose content is exactly `content`, or `nil`.
  func record(withContent content: UnsafeBufferPointer<UInt8>) -> Record? {
    for index in 0..<count {
      if let record = record(index), let text = self.content(of: record), text.elementsEqual(content) { return record }
    }
    return nil
  }

  /// The text of a record, or `nil` where it does not lie in the section.
  func content(of record: Record) -> UnsafeRawBufferPointer? {
    guard record.contentOffset <= text.count, record.contentSize <= text.count - record.contentOffset else {
      return nil
    }
    return UnsafeRawBufferPointer(rebasing: text[record.contentOffset..<record.contentOffset + record.contentSize])
  }
}

/// Finds the keys of one added-token trie in text, leftmost-longest.
struct AddedTokenMatcher: Sendable {
  /// A key at `start ..< end` of the text; `value` is an index of a record.
  struct Match {
    let start: Int
    let end: Int
    let value: UInt32
  }

  private let trie: DoubleArray
  private let longestKey: Int
  /// For every byte, whether a key begins with it.
  private let isFirstByte: [Bool]
  /// Whether there is no key at all.
  let isEmpty: Bool

  init(_ trie: DoubleArray, longestKey: Int) {
    self.trie = trie
    self.longestKey = longestKey
    isFirstByte = (UInt8.min...UInt8.max).map { trie.child(of: trie.root, by: $0) != nil }
    isEmpty = !isFirstByte.contains(true)
  }

  /// The first match at or after `start`, or `nil`.
  func next(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Match? {
    if isEmpty { return nil }
    var index = start
    while true {
      index = isFirstByte.withUnsafeBufferPointer { table in
        var index = index
        while index < text.count, !table[Int(text[index])] { index += 1 }
        return index
      }
      guard index < text.count else { return nil }
      let rest = UnsafeBufferPointer(rebasing: text[index...])
      if let (value, size) = trie.longestPrefix(of: rest, limit: longestKey) {
        return Match(start: index, end: index + size, value: value)
      }
      index += 1
    }
  }
}
