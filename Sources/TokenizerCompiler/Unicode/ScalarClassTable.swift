import Tokenization

/// The two parts of scalar classes (formats/tokenizer.md, parts 14 and 15).
enum ScalarClassTable {
  private static let firstSyllable = 0xAC00
  private static let syllablesPerVowel = 28
  private static let hangulLV: UInt8 = 14
  private static let hangulLVT: UInt8 = 15

  /// For every 128 scalars the number of their block; and the blocks, each once, in the order of first use.
  static let parts: (index: [UInt8], blocks: [UInt8]) = {
    var numbers: [[UInt8]: UInt8] = [:]
    var index: [UInt8] = []
    var blocks: [UInt8] = []
    let runs = ScalarClassData.runs
    var run = 0
    var block: [UInt8] = []
    for scalar in 0..<0x110000 {
      while run + 1 < runs.count, Int(runs[run + 1] >> 5) <= scalar { run += 1 }
      var value = UInt8(runs[run] & 31)
      if value == hangulLVT, (scalar - firstSyllable) % syllablesPerVowel == 0 { value = hangulLV }
      block.append(value)
      guard block.count == SectionLayout.scalarBlockSize else { continue }
      if let number = numbers[block] {
        index.append(number)
      } else {
        precondition(numbers.count < 256, "more scalar class blocks than a byte counts")
        let number = UInt8(numbers.count)
        numbers[block] = number
        index.append(number)
        blocks += block
      }
      block.removeAll(keepingCapacity: true)
    }
    return (index, blocks)
  }()
}
