/// A scalar on its way through a form, in one word, so that marks sort by it: bits 0 … 20 the scalar, bit 21 whether the
/// decomposition added it, bit 22 whether it may compose with what is before it, bits 24 … 31 its combining class.
private enum NormalizationUnit {
  static let scalarMask: UInt32 = 0x1F_FFFF
  static let added: UInt32 = 1 << 21
  static let isSecond: UInt32 = 1 << 22
  static let classShift: UInt32 = 24

  @inline(__always) static func change(_ unit: UInt32) -> Int { unit & added != 0 ? 1 : 0 }
}

extension UnicodeNormalizer {
  /// Writes the normalization form of `text`.
  /// - Parameter limit: the most that is written, in bytes.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``, ``TokenizationError/textTooLong(bytes:limit:)``.
  func normalize(
    _ text: UnsafeBufferPointer<UInt8>, form: NormalizationForm, origin: Int, limit: Int,
    into output: inout ScratchBuffer<UInt8>, _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) -> Int {
    output.removeAll()
    output.reserve(text.count)
    scratch.pending.removeAll()
    var run = FormRun(
      properties: properties, mappings: mappings, form: form, origin: OriginTracker(text: text, origin: origin))
    var index = 0
    while index < text.count {
      if !run.origin.isOpen {
        index = try run.copyUninvolved(text, from: index, &output, &scratch)
        if index == text.count { break }
      }
      let (scalar, size) = UTF8Scalars.decode(text, at: index)
      try run.add(scalar, &output, &scratch)
      try GrowthAllowance.check(output.count + scratch.pending.count, limit)
      index += size
    }
    try run.flush(&output, &scratch)
    return run.origin.size
  }
}

/// One text on its way through a form. Pending are a starter (where the form composes) and the marks behind it, which
/// wait for the next starter: only then their order is known, and that nothing else composes with the starter.
private struct FormRun {
  let properties: ScalarProperties
  let mappings: UnicodeMappings
  let composes: Bool
  let isCompatibility: Bool
  let involved: UInt32
  var origin: OriginTracker
  /// The alignment of the pending starter, which compositions change.
  var starterChange = 0
  /// Whether the pending marks are in the order of their classes.
  var isSorted = true
  var lastClass: UInt32 = 0

  init(
    properties: ScalarProperties, mappings: UnicodeMappings, form: NormalizationForm, origin: OriginTracker
  ) {
    self.properties = properties
    self.mappings = mappings
    self.origin = origin
    composes = form.composes
    isCompatibility = form.isCompatibility
    involved = form.involvedProperties
  }

  /// Whether `scalar`, beyond ASCII, is a starter that stays as it is, whatever is before it.
  @inline(__always) private func isUninvolved(_ scalar: UInt32) -> Bool {
    // A syllable that composes is not taken apart first: it would come together again.
    if Hangul.isSyllable(scalar) { return composes }
    if composes, Hangul.isSecond(scalar) { return false }
    return properties.properties(of: scalar) & involved == 0
  }

  /// Copies the scalars that stay as they are, up to the next other one, and returns where that is. The last of them
  /// becomes pending where the form composes.
  mutating func copyUninvolved(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ output: inout ScratchBuffer<UInt8>,
    _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) -> Int {
    var index = start
    var last = start
    while index < text.count {
      if text[index] < 0x80 {
        last = index
        index += 1
        continue
      }
      let (scalar, size) = UTF8Scalars.decode(text, at: index)
      guard isUninvolved(scalar) else { break }
      last = index
      index += size
    }
    guard index > start else { return start }
    try flush(&output, &scratch)
    let end = composes ? last : index
    output.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end]))
    if composes {
      scratch.pending.append(UTF8Scalars.decode(text, at: last).scalar)
      starterChange = 0
    }
    return index
  }

  /// Takes one scalar of the text.
  mutating func add(
    _ scalar: UInt32, _ output: inout ScratchBuffer<UInt8>, _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) {
    if Hangul.isSyllable(scalar) { return try addSyllable(scalar, &output, &scratch) }
    let set = scalar < 0x80 ? 0 : properties.properties(of: scalar)
    var text: UnsafeBufferPointer<UInt8>?
    if isCompatibility, set & SectionLayout.Property.decomposesCompatibly != 0 {
      text = try mappings.text(of: scalar, .compatibilityDecomposition)
    }
    if text == nil, set & SectionLayout.Property.decomposes != 0 {
      text = try mappings.text(of: scalar, .canonicalDecomposition)
    }
    guard let text else { return try push(scalar, set, added: 0, &output, &scratch) }
    var index = 0
    while index < text.count {
      let (part, size) = UTF8Scalars.decode(text, at: index)
      let partSet = part < 0x80 ? 0 : properties.properties(of: part)
      try push(part, partSet, added: index > 0 ? NormalizationUnit.added : 0, &output, &scratch)
      index += size
    }
  }

  private mutating func addSyllable(
    _ scalar: UInt32, _ output: inout ScratchBuffer<UInt8>, _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) {
    if composes { return try push(scalar, 0, added: 0, &output, &scratch) }
    let number = scalar - Hangul.firstSyllable
    let vowel = Hangul.firstVowel + number % Hangul.syllablesPerLeading / Hangul.trailingCount
    try push(Hangul.firstLeading + number / Hangul.syllablesPerLeading, 0, added: 0, &output, &scratch)
    try push(vowel, 0, added: NormalizationUnit.added, &output, &scratch)
    let trailing = number % Hangul.trailingCount
    guard trailing > 0 else { return }
    try push(Hangul.noTrailing + trailing, 0, added: NormalizationUnit.added, &output, &scratch)
  }

  /// Takes one scalar of a decomposition, with its property set.
  @inline(__always) private mutating func push(
    _ scalar: UInt32, _ set: UInt32, added: UInt32, _ output: inout ScratchBuffer<UInt8>,
    _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) {
    let combiningClass = set >> SectionLayout.Property.combiningClassShift & 0xFF
    let isSecond = set & SectionLayout.Property.composesWithPrevious != 0 || Hangul.isSecond(scalar)
    let unit =
      scalar | added | (isSecond ? NormalizationUnit.isSecond : 0) | combiningClass << NormalizationUnit.classShift
    if combiningClass > 0 {
      if combiningClass < lastClass { isSorted = false }
      lastClass = combiningClass
      scratch.pending.append(unit)
      return
    }
    if !composes {
      try flush(&output, &scratch)
      emit(unit, NormalizationUnit.change(unit), &output)
      return
    }
    let count = try close(&scratch)
    if count == 1, isSecond {
      let starter = scratch.pending.elements[0]
      if starter >> NormalizationUnit.classShift == 0,
        let composite = try mappings.composite(starter & NormalizationUnit.scalarMask, scalar)
      {
        restart(with: composite, starterChange + NormalizationUnit.change(unit) - 1, &scratch)
        return
      }
    }
    emitPending(count, &output, &scratch)
    restart(with: unit, NormalizationUnit.change(unit), &scratch)
  }

  /// Makes `starter` what is pending.
  private mutating func restart(with starter: UInt32, _ change: Int, _ scratch: inout NormalizationScratch) {
    scratch.pending.removeAll()
    scratch.pending.append(starter)
    starterChange = change
    isSorted = true
    lastClass = 0
  }

  /// Writes what is pending.
  mutating func flush(
    _ output: inout ScratchBuffer<UInt8>, _ scratch: inout NormalizationScratch
  ) throws(TokenizationError) {
    guard scratch.pending.count > 0 else { return }
    let count = try close(&scratch)
    emitPending(count, &output, &scratch)
    scratch.pending.removeAll()
    isSorted = true
    lastClass = 0
  }

  /// Sorts and composes what is pending, and returns how much of it is left.
  private mutating func close(_ scratch: inout NormalizationScratch) throws(TokenizationError) -> Int {
    guard scratch.pending.count > 1 else { return scratch.pending.count }
    if !isSorted { Self.sort(&scratch) }
    let units = scratch.pending.mutableElements
    guard composes, units[0] >> NormalizationUnit.classShift == 0 else { return units.count }
    var kept = 1
    var keptClass: UInt32 = 0
    for unit in units[1...] {
      let combiningClass = unit >> NormalizationUnit.classShift
      // Of what is left behind the starter, the last has the highest class: it alone decides what is blocked.
      if unit & NormalizationUnit.isSecond != 0, keptClass < combiningClass,
        let composite = try mappings.composite(
          units[0] & NormalizationUnit.scalarMask, unit & NormalizationUnit.scalarMask)
      {
        units[0] = composite
        starterChange += NormalizationUnit.change(unit) - 1
      } else {
        units[kept] = unit
        kept += 1
        keptClass = combiningClass
      }
    }
    return kept
  }

  /// Sorts what is pending by class, stably: a starter is first and stays so.
  private static func sort(_ scratch: inout NormalizationScratch) {
    let units = scratch.pending.mutableElements
    guard units.count > 32 else {
      for position in 1..<units.count {
        let unit = units[position]
        var hole = position
        while hole > 0, units[hole - 1] >> NormalizationUnit.classShift > unit >> NormalizationUnit.classShift {
          units[hole] = units[hole - 1]
          hole -= 1
        }
        units[hole] = unit
      }
      return
    }
    // Anyone can send a million marks in one run: counted, they take linear time.
    let next = scratch.counts.refill(257, with: 0)
    for unit in units { next[Int(unit >> NormalizationUnit.classShift) + 1] += 1 }
    for number in 1..<257 { next[number] += next[number - 1] }
    let sorted = scratch.sorted.refill(units.count, with: 0)
    for unit in units {
      let number = Int(unit >> NormalizationUnit.classShift)
      sorted[next[number]] = unit
      next[number] += 1
    }
    _ = units.update(fromContentsOf: sorted)
  }

  /// Writes the first `count` of what is pending.
  @inline(__always) private mutating func emitPending(
    _ count: Int, _ output: inout ScratchBuffer<UInt8>, _ scratch: inout NormalizationScratch
  ) {
    let units = scratch.pending.elements
    for position in 0..<count {
      let unit = units[position]
      let isStarter = unit >> NormalizationUnit.classShift == 0
      emit(unit, isStarter ? starterChange : NormalizationUnit.change(unit), &output)
    }
  }

  @inline(__always) private mutating func emit(
    _ unit: UInt32, _ change: Int, _ output: inout ScratchBuffer<UInt8>
  ) {
    let size = output.append(scalar: unit & NormalizationUnit.scalarMask)
    if origin.isOpen { origin.add(bytes: size, change: change) }
  }
}

extension ScratchBuffer {
  /// The elements in use, for writing. Not valid any more after the next change of their number.
  @inline(__always) fileprivate var mutableElements: UnsafeMutableBufferPointer<Element> {
    mutating get { UnsafeMutableBufferPointer(mutating: elements) }
  }
}
