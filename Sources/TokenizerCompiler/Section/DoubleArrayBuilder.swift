import Tokenization

/// Builds the tries of formats/tokenizer.md.
///
/// Keys are sorted, then every node's children are placed at the first base, in a fixed order of search, where all
/// of them find a free unit. So the same keys give the same units everywhere.
package struct DoubleArrayBuilder {
  /// Keys in flat bytes: key i is `text[offsets[i] ..< offsets[i + 1]]`. No key may hold a NUL.
  private let text: [UInt8]
  private let offsets: [UInt32]
  private let values: [UInt32]

  private var units: [UInt32] = []
  /// Free units of the blocks that are still open, as a ring per array: neighbours by unit.
  private var nextFree: [UInt32] = []
  private var previousFree: [UInt32] = []
  private var isFree: [Bool] = []
  private var isBaseUsed: [Bool] = []
  private var freeHead: UInt32 = none

  private static let none = UInt32.max
  private static let blockSize = 256
  /// Blocks behind the last one in which free units are still looked for.
  private static let openBlocks = 16

  /// The units of a trie of `keys`; empty for none. Of equal keys the last one counts. Empty keys are left out.
  /// - Returns: `nil` when the trie would need more units than the format has.
  package static func build(text: [UInt8], offsets: [UInt32], values: [UInt32]) -> [UInt32]? {
    var builder = DoubleArrayBuilder(text: text, offsets: offsets, values: values)
    return builder.build()
  }

  /// The same for keys in an array.
  package static func build(_ keys: [([UInt8], UInt32)]) -> [UInt32]? {
    var text: [UInt8] = []
    var offsets: [UInt32] = [0]
    for (key, _) in keys {
      text += key
      offsets.append(UInt32(text.count))
    }
    return build(text: text, offsets: offsets, values: keys.map(\.1))
  }

  private init(text: [UInt8], offsets: [UInt32], values: [UInt32]) {
    self.text = text
    self.offsets = offsets
    self.values = values
  }

  // MARK: Sorting

  private struct SortKey {
    /// The first eight bytes, big-endian, padded with zeros.
    let prefix: UInt64
    let index: UInt32
  }

  /// The indices of the keys in the order of their bytes, each key once.
  private func sortedKeys() -> [UInt32] {
    text.withUnsafeBufferPointer { text in
      var keys: [SortKey] = []
      keys.reserveCapacity(values.count)
      for index in values.indices {
        let (start, end) = (Int(offsets[index]), Int(offsets[index + 1]))
        if start == end { continue }
        var prefix: UInt64 = 0
        for position in start..<start + 8 { prefix = prefix << 8 | (position < end ? UInt64(text[position]) : 0) }
        keys.append(SortKey(prefix: prefix, index: UInt32(index)))
      }
      func compareRest(_ left: UInt32, _ right: UInt32) -> Int {
        let leftRest = text[Int(offsets[Int(left)])..<Int(offsets[Int(left) + 1])].dropFirst(8)
        let rightRest = text[Int(offsets[Int(right)])..<Int(offsets[Int(right) + 1])].dropFirst(8)
        if leftRest.elementsEqual(rightRest) { return 0 }
        return leftRest.lexicographicallyPrecedes(rightRest) ? -1 : 1
      }
      keys.sort { left, right in
        if left.prefix != right.prefix { return left.prefix < right.prefix }
        let order = compareRest(left.index, right.index)
        return order == 0 ? left.index < right.index : order < 0
      }
      var sorted: [UInt32] = []
      sorted.reserveCapacity(keys.count)
      for (position, key) in keys.enumerated() {
        let isLast = position + 1 == keys.count
        let repeats =
          !isLast && keys[position + 1].prefix == key.prefix
          && compareRest(key.index, keys[position + 1].index) == 0
        if !repeats { sorted.append(key.index) }
      }
      return sorted
    }
  }

  // MARK: Placing

  /// Keys `low ..< high` share their first `depth` bytes, which lead to `unit`.
  private struct Node {
    let low: Int
    let high: Int
    let depth: Int
    let unit: Int
  }

  private mutating func build() -> [UInt32]? {
    let sorted = sortedKeys()
    if sorted.isEmpty { return [] }
    units.reserveCapacity(4 * text.count / 3 + Self.blockSize)
    addBlock()
    take(0)
    units[0] = 0
    var pending = [Node(low: 0, high: sorted.count, depth: 0, unit: 0)]
    var labels: [UInt8] = []
    var starts: [Int] = []
    while let node = pending.popLast() {
      labels.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
      var low = node.low
      let first = Int(sorted[low])
      let hasValue = Int(offsets[first + 1]) - Int(offsets[first]) == node.depth
      if hasValue {
        low += 1
        if low == node.high {
          units[node.unit] = units[node.unit] & 0xFF | 0x200 | values[first] << 10
          continue
        }
      }
      for position in low..<node.high {
        let byte = text[Int(offsets[Int(sorted[position])]) + node.depth]
        if labels.last != byte {
          labels.append(byte)
          starts.append(position)
        }
      }
      guard let base = findBase(labels, hasValue) else { return nil }
      isBaseUsed[base] = true
      units[node.unit] = units[node.unit] & 0xFF | (hasValue ? 0x100 : 0) | UInt32(base) << 10
      if hasValue {
        take(base)
        units[base] = 0x300 | values[first] << 10
      }
      for label in labels {
        take(base ^ Int(label))
        units[base ^ Int(label)] = UInt32(label)
      }
      for child in labels.indices.reversed() {
        let end = child + 1 < starts.count ? starts[child + 1] : node.high
        pending.append(
          Node(low: starts[child], high: end, depth: node.depth + 1, unit: base ^ Int(labels[child])))
      }
    }
    trimTail()
    return units
  }

  /// The first base under which all children (and the value, at byte 0) find free units.
  private mutating func findBase(_ labels: [UInt8], _ hasValue: Bool) -> Int? {
    let probe = hasValue ? 0 : labels[0]
    if freeHead != Self.none {
      var unit = freeHead
      repeat {
        let base = Int(unit) ^ Int(probe)
        if !isBaseUsed[base], labels.allSatisfy({ isFree[base ^ Int($0)] }) { return base }
        unit = nextFree[Int(unit)]
      } while unit != freeHead
    }
    let base = units.count
    guard base + Self.blockSize <= SectionLayout.maximumTrieUnits else { return nil }
    addBlock()
    return base
  }

  private mutating func addBlock() {
    let start = units.count
    let end = start + Self.blockSize
    units.append(contentsOf: repeatElement(DoubleArray.deadUnit, count: Self.blockSize))
    isFree.append(contentsOf: repeatElement(true, count: Self.blockSize))
    isBaseUsed.append(contentsOf: repeatElement(false, count: Self.blockSize))
    for unit in start..<end {
      nextFree.append(UInt32(unit + 1))
      previousFree.append(UInt32(unit == 0 ? 0 : unit - 1))
    }
    if freeHead == Self.none {
      freeHead = UInt32(start)
      nextFree[end - 1] = freeHead
      previousFree[start] = UInt32(end - 1)
    } else {
      let tail = Int(previousFree[Int(freeHead)])
      nextFree[tail] = UInt32(start)
      previousFree[start] = UInt32(tail)
      nextFree[end - 1] = freeHead
      previousFree[Int(freeHead)] = UInt32(end - 1)
    }
    let closed = start / Self.blockSize - Self.openBlocks
    if closed >= 0 {
      for unit in closed * Self.blockSize..<(closed + 1) * Self.blockSize where isFree[unit] { take(unit) }
    }
  }

  /// Takes `unit` off the ring of free ones.
  private mutating func take(_ unit: Int) {
    isFree[unit] = false
    let (next, previous) = (nextFree[unit], previousFree[unit])
    nextFree[Int(previous)] = next
    previousFree[Int(next)] = previous
    if freeHead == UInt32(unit) { freeHead = next == UInt32(unit) ? Self.none : next }
  }

  private mutating func trimTail() {
    while let last = units.indices.last, isFree[last], units[last] == DoubleArray.deadUnit { units.removeLast() }
  }
}
