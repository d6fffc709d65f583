/// The step Precompiled: a SentencePiece charsmap, applied the way the `tokenizers` library does
/// (formats/tokenizer.md, "Precompiled").
extension NormalizerProgram {
  /// Clusters of this many bytes and more are never looked up whole.
  private static let wholeClusterLimit = 6

  /// Writes what `text` becomes to `output`, in place of what is there.
  func precompile(
    _ text: UnsafeBufferPointer<UInt8>, into output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) {
    output.removeAll()
    output.reserve(text.count)
    var index = 0
    while index < text.count {
      index = copyASCII(text, from: index, into: &output)
      guard index < text.count else { return }
      let end = breaker.clusterEnd(in: text, from: index)
      let cluster = UnsafeBufferPointer(rebasing: text[index..<end])
      if cluster.count >= Self.wholeClusterLimit {
        try appendScalars(of: cluster, to: &output)
      } else if let value = charsmap.shortestPrefixValue(of: cluster) {
        try appendReplacement(value, to: &output)
      } else {
        try appendScalars(of: cluster, to: &output)
      }
      index = end
    }
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

  private func appendScalars(
    of cluster: UnsafeBufferPointer<UInt8>, to output: inout ScratchBuffer<UInt8>
  ) throws(TokenizationError) {
    var index = 0
    while index < cluster.count {
      let end = min(index + UTF8Scalars.length(lead: cluster[index]), cluster.count)
      let scalar = UnsafeBufferPointer(rebasing: cluster[index..<end])
      if let value = charsmap.shortestPrefixValue(of: scalar) {
        try appendReplacement(value, to: &output)
      } else {
        output.append(contentsOf: scalar)
      }
      index = end
    }
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
