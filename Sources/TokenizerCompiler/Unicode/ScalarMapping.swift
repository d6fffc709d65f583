import Tokenization

/// A table of ``ScalarMappingData``, decoded: what some scalars become, ascending by scalar.
struct ScalarMapping {
  /// The scalars that have an entry.
  private(set) var scalars: [UInt32] = []
  private var texts: [UInt32] = []
  private var ends: [Int] = []

  /// The scalars that entry number `index` becomes; at least one.
  subscript(index: Int) -> ArraySlice<UInt32> { texts[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Decodes `text`: base64 of LEB128 numbers. Each entry is: the gap to the scalar before × 4 + min(count, 4) − 1; the
  /// count, if it is at least 4; by how much the distance of the first scalar of the text from its source differs from
  /// that in the entry before, zigzag; the other scalars of the text.
  init(_ text: String) {
    // Our own data: what is broken in it breaks every test.
    let bytes = Base64.decode(text) ?? []
    precondition(!bytes.isEmpty, "scalar mapping data is no base64")
    scalars.reserveCapacity(bytes.count / 3)
    bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      func next() -> Int {
        var (number, shift) = (0, 0)
        while position < bytes.count {
          let byte = bytes[position]
          position += 1
          number |= Int(byte & 0x7F) << shift
          shift += 7
          if byte < 0x80 { break }
        }
        return number
      }
      var (scalar, distance) = (-1, 0)
      while position < bytes.count {
        let head = next()
        let count = head & 3 == 3 ? next() : head & 3 + 1
        let change = next()
        scalar += 1 + head >> 2
        distance += change & 1 == 0 ? change >> 1 : -(change >> 1) - 1
        scalars.append(UInt32(scalar))
        texts.append(UInt32(scalar + distance))
        for _ in 1..<count { texts.append(UInt32(next())) }
        ends.append(texts.count)
      }
    }
  }
}

/// The canonical mappings: full decompositions and compositions, from single steps.
struct CanonicalMapping {
  /// Scalars that decompose, ascending, and their full decompositions.
  private(set) var decompositions: [(scalar: UInt32, text: [UInt32])] = []
  /// Pairs that compose, ascending by what they compose to.
  private(set) var compositions: [(first: UInt32, second: UInt32, composite: UInt32)] = []

  init() {
    let steps = ScalarMapping(ScalarMappingData.canonical)
    let numbers = Dictionary(uniqueKeysWithValues: zip(steps.scalars, steps.scalars.indices))
    let excluded = Set(ScalarMappingData.excluded)
    decompositions.reserveCapacity(steps.scalars.count)
    for (number, scalar) in steps.scalars.enumerated() {
      let step = Array(steps[number])
      var text = step
      // Only the first may go on; each step is a shorter decomposition of Unicode, so this ends.
      while let first = text.first, let next = numbers[first] { text.replaceSubrange(0..<1, with: steps[next]) }
      decompositions.append((scalar, text))
      if step.count == 2, !excluded.contains(scalar) { compositions.append((step[0], step[1], scalar)) }
    }
  }
}
