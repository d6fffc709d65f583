/// The step Precompiled: a SentencePiece charsmap, applied the way the `tokenizers` library does
/// (formats/tokenizer.md, "Precompiled").
extension NormalizerProgram {
  /// Clusters of this many bytes and more are never looked up whole.
  private static let wholeClusterLimit = 6

  /// Writes what `text` becomes to `output`, in place of what is there, and returns the new origin.
  func precompile(
    _ text: UnsafeBufferPointer<UInt8>, origin: Int, into output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) -> Int {
    output.removeAll()
    output.reserve(text.count)
    var index = 0
    var newOrigin = 0
    while origin > 0, newOrigin == 0, index < text.count {
      let end = breaker.clusterEnd(in: text, from: index)
      let first = try appendCluster(UnsafeBufferPointer(rebasing: text[index..<end]), to: &output)
      // Behind a dropped cluster the library has lost count, and takes the next character for the first.
      if output.count > 0 { newOrigin = index == 0 && first > 0 ? first : Self.firstScalarSize(output.elements) }
      index = end
    }
    while index < text.count {
      index = copyASCII(text, from: index, into: &output)
      guard index < text.count else { break }
      let end = breaker.clusterEnd(in: text, from: index)
      _ = try appendCluster(UnsafeBufferPointer(rebasing: text[index..<end]), to: &output)
      try Self.checkSize(output.count)
      index = end
    }
    return newOrigin
  }

  private static func firstScalarSize(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    text.first.map { min(UTF8Scalars.length(lead: $0), text.count) } ?? 0
  }

  /// Appends what becomes of one cluster.
  /// - Returns: bytes of the output that stand for the first scalar of the cluster.
  private func appendCluster(
    _ cluster: UnsafeBufferPointer<UInt8>, to output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) -> Int {
    let start = output.count
    guard cluster.count < Self.wholeClusterLimit, let value = charsmap.shortestPrefixValue(of: cluster) else {
      return try appendScalars(of: cluster, to: &output)
    }
    try appendReplacement(value, to: &output)
    let isOneScalar = UTF8Scalars.length(lead: cluster[0]) >= cluster.count
    return isOneScalar
      ? output.count - start : Self.firstScalarSize(UnsafeBufferPointer(rebasing: output.elements[start...]))
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

  /// Appends what becomes of every scalar alone.
  /// - Returns: bytes of the output that stand for the first one.
  private func appendScalars(
    of cluster: UnsafeBufferPointer<UInt8>, to output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) -> Int {
    let start = output.count
    var first = 0
    var index = 0
    while index < cluster.count {
      let end = min(index + UTF8Scalars.length(lead: cluster[index]), cluster.count)
      let scalar = UnsafeBufferPointer(rebasing: cluster[index..<end])
      if let value = charsmap.shortestPrefixValue(of: scalar) {
        try appendReplacement(value, to: &output)
      } else {
        output.append(contentsOf: scalar)
      }
      if index == 0 { first = output.count - start }
      index = end
    }
    return first
  }

  private func appendReplacement(
    _ value: UInt32, to output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) {
    guard let text = replacements[Int(value)] else {
      throw .corrupt(path: path, part: "replacementOffsets", index: Int(value), limit: replacements.count)
    }
    guard text.count <= SectionLayout.maximumReplacementSize else {
      throw .corrupt(
        path: path, part: "replacementText", index: text.count, limit: SectionLayout.maximumReplacementSize + 1)
    }
    output.append(contentsOf: text)
  }
}
