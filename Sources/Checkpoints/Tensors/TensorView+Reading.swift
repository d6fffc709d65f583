import ModelCore

extension TensorView {
  /// Converts the elements `range` to the first `range.count` floats of `destination`. Exact for F32, F16, BF16 and F8
  /// (subsets of F32, subnormals and the payloads of NaNs included); F64 is rounded to nearest, ties to even. What an adapter
  /// adds is added.
  /// - Parameters:
  ///   - range: Must lie within `0..<elementCount`.
  ///   - destination: Must hold `range.count` floats or more.
  /// - Throws: ``CheckpointError/unsupportedElementType(path:tensor:found:)``; a read error in
  ///   ``CheckpointError/core(_:)`` where the file has become shorter.
  public func readFloats(
    elements range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(CheckpointError) {
    precondition(destination.count >= range.count, "destination too small")
    guard let source = type.dtype else { throw .unsupportedElementType(path: path, tensor: name, found: type.name) }
    guard !range.isEmpty else { return }
    let own = UnsafeMutableBufferPointer(rebasing: destination[..<range.count])
    withStored(range) { FloatConversion.floats(from: source, $0, into: own) }
    try layout.bytes.requireIntact()
    try update?.apply(to: own, elements: range, of: self)
  }

  /// All elements as floats.
  /// - Throws: As ``readFloats(elements:into:)``.
  public func floats() throws(CheckpointError) -> [Float] { try floats(elements: 0..<elementCount) }

  /// The elements `range` as floats.
  /// - Throws: As ``readFloats(elements:into:)``.
  public func floats(elements range: Range<Int>) throws(CheckpointError) -> [Float] {
    var failure: CheckpointError?
    let values = [Float](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(CheckpointError) {
        try readFloats(elements: range, into: buffer)
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// Lends the elements `range` as they are stored, little-endian and row-major, whatever their type. Without what an
  /// adapter adds. Types that are packed below a byte are lent whole or not at all.
  /// - Throws: A read error in ``CheckpointError/core(_:)`` where the file has become shorter.
  public func withStoredBytes(
    elements range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    withStored(range, body)
    try layout.bytes.requireIntact()
  }

  /// Says that the elements `range` were read for the last time, so that their pages no longer count as resident.
  /// Reading them again is allowed, and slower.
  public func discard(elements range: Range<Int>) {
    guard layout.strides == nil else { return }
    layout.bytes.discard(plainBytes(range))
  }

  private func withStored(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
    precondition(range.lowerBound >= 0 && range.upperBound <= elementCount, "elements out of range")
    if layout.isPlain {
      let bytes = plainBytes(range)
      layout.bytes.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[bytes])) }
      return
    }
    let gathered = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count * type.byteCount, alignment: 16)
    defer { gathered.deallocate() }
    layout.bytes.withBytes { gather(range, from: $0, into: gathered) }
    body(UnsafeRawBufferPointer(gathered))
  }

  /// Where the elements `range` of a tensor without strides are in its storage. Cannot overflow: the maker has checked it.
  private func plainBytes(_ range: Range<Int>) -> Range<Int> {
    guard type.byteCount > 0 else {
      precondition(range == 0..<elementCount, "packed elements are read whole")
      return layout.offset..<layout.offset + byteCount
    }
    let start = layout.offset + range.lowerBound * type.byteCount
    return start..<start + range.count * type.byteCount
  }

  /// Copies the elements `range`, counted in row-major order, one row's piece at a time.
  private func gather(
    _ range: Range<Int>, from source: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) {
    let size = type.byteCount
    let columns = max(1, shape.last ?? 1)
    let strides = layout.strides ?? Self.rowMajorStrides(shape)
    // The stride of a dimension of one is never used, and may be any number.
    let step = columns == 1 ? 0 : (strides.last ?? 1) * size
    var element = range.lowerBound
    var written = 0
    while element < range.upperBound {
      let column = element % columns
      let count = min(columns - column, range.upperBound - element)
      var start = layout.offset + column * step
      var row = element / columns
      for dimension in (0..<max(0, shape.count - 1)).reversed() {
        start += row % shape[dimension] * strides[dimension] * size
        row /= shape[dimension]
      }
      for index in 0..<count {
        for byte in 0..<size {
          output[written + index * size + storedIndex(byte)] = source[start + index * step + byte]
        }
      }
      written += count * size
      element += count
    }
  }

  /// Where byte `index` of an element goes to be little-endian.
  private func storedIndex(_ index: Int) -> Int {
    guard layout.isBigEndian else { return index }
    let unit = type.swapUnit
    return index / unit * unit + unit - 1 - index % unit
  }

  /// Strides in elements of a tensor without gaps. Cannot overflow where the elements can be counted.
  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    for index in shape.indices.dropLast().reversed() { strides[index] = strides[index + 1] &* max(1, shape[index + 1]) }
    return strides
  }
}
