/// The step Precompiled: a SentencePiece charsmap, applied the way the `tokenizers` library does
/// (formats/tokenizer.md, "Precompiled").
extension NormalizerProgram {
  /// Clusters of this many bytes and more are never looked up whole.
  private static let wholeClusterLimit = 6

  /// Writes what `text` becomes to `output`, in place of what is there, and returns the new origin.
  func precompile(
    _ text: UnsafeBufferPointer<UInt8>, origin: Int, limit: Int, into output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) -> Int {
    output.removeAll()
    output.reserve(text.count)
    var follower = ReplacementFollower(OriginTracker(text: text, origin: origin))
    var index = 0
    while follower.tracker.isOpen, index < text.count {
      let end = breaker.clusterEnd(in: text, from: index)
      try appendCluster(UnsafeBufferPointer(rebasing: text[index..<end]), limit, to: &output, &follower)
      index = end
    }
    follower.finish()
    while index < text.count {
      index = copyASCII(text, from: index, into: &output)
      guard index < text.count else { break }
      let end = breaker.clusterEnd(in: text, from: index)
      try appendCluster(UnsafeBufferPointer(rebasing: text[index..<end]), limit, to: &output, &follower)
      index = end
    }
    return follower.tracker.size
  }

  /// Appends what becomes of one cluster.
  private func appendCluster(
    _ cluster: UnsafeBufferPointer<UInt8>, _ limit: Int, to output: inout ScratchBuffer<UInt8>,
    _ follower: inout ReplacementFollower
  ) throws(TokenizationError) {
    if cluster.count < Self.wholeClusterLimit, let value = charsmap.shortestPrefixValue(of: cluster) {
      return try appendReplacement(value, of: cluster, limit, to: &output, &follower)
    }
    var index = 0
    while index < cluster.count {
      let end = min(index + UTF8Scalars.length(lead: cluster[index]), cluster.count)
      let scalar = UnsafeBufferPointer(rebasing: cluster[index..<end])
      if let value = charsmap.shortestPrefixValue(of: scalar) {
        try appendReplacement(value, of: scalar, limit, to: &output, &follower)
      } else {
        output.append(contentsOf: scalar)
        follower.replace(scalar, by: scalar)
      }
      index = end
    }
  }

  private func appendReplacement(
    _ value: UInt32, of source: UnsafeBufferPointer<UInt8>, _ limit: Int, to output: inout ScratchBuffer<UInt8>,
    _ follower: inout ReplacementFollower
  ) throws(TokenizationError) {
    guard let text = replacements[Int(value)] else {
      throw .corrupt(path: path, part: "replacementOffsets", index: Int(value), limit: replacements.count)
    }
    guard text.count <= SectionLayout.maximumReplacementSize else {
      throw .corrupt(
        path: path, part: "replacementText", index: text.count, limit: SectionLayout.maximumReplacementSize + 1)
    }
    output.append(contentsOf: text)
    // Here, and not behind the cluster: that may be the whole text.
    try GrowthAllowance.check(output.count, limit)
    follower.replace(source, by: text)
  }

  /// Handles ASCII characters that are clusters by themselves, and returns where the next other cluster begins.
  @inline(__always) private func copyASCII(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, into output: inout ScratchBuffer<UInt8>
  ) -> Int {
    asciiReplacements.withUnsafeBufferPointer { table in
      var index = start
      while index < text.count {
        let runStart = index
        while index < text.count, text[index] < 0x80, table[Int(text[index])] == UInt16(text[index]) { index += 1 }
        // The last one may be the base of combining marks.
        let endsBeforeOther = index < text.count && text[index] >= 0x80
        if endsBeforeOther, index > runStart { index -= 1 }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart..<index]))
        if endsBeforeOther || index == text.count { return index }
        let replacement = table[Int(text[index])]
        if replacement == Self.general || index + 1 < text.count && text[index + 1] >= 0x80 { return index }
        if replacement != Self.dropped { output.append(UInt8(truncatingIfNeeded: replacement)) }
        index += 1
      }
      return index
    }
  }
}

/// Tells an ``OriginTracker`` what is written for what, as `replace` of `tokenizers`' Precompiled does: of n scalars for m the
/// first m take one each and further ones are added; where there are fewer, the last one written so far takes the rest.
private struct ReplacementFollower {
  private(set) var tracker: OriginTracker
  /// The scalar that was written last: how much of the source it takes is known with the next one.
  private var last: (bytes: Int, change: Int)?

  init(_ tracker: OriginTracker) { self.tracker = tracker }

  /// `text` is written for the scalars of `source`.
  @inline(__always) mutating func replace(_ source: UnsafeBufferPointer<UInt8>, by text: UnsafeBufferPointer<UInt8>) {
    if tracker.isOpen { follow(source, text) }
  }

  private mutating func follow(_ source: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>) {
    let taken = Self.scalarCount(source)
    var written = 0
    var index = 0
    while index < text.count {
      let size = min(UTF8Scalars.length(lead: text[index]), text.count - index)
      finish()
      last = (size, written < taken ? 0 : 1)
      written += 1
      index += size
    }
    if written < taken { last?.change -= taken - written }
  }

  /// Tells of the last scalar: no further one changes what it takes.
  mutating func finish() {
    if let last { tracker.add(bytes: last.bytes, change: last.change) }
    last = nil
  }

  private static func scalarCount(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
  }
}
