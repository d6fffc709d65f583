import ModelCore

extension TensorView {
  /// Converts the elements `range` to the first `range.count` floats of `destination`. Exact for every type: F16 and
  /// BF16 are subsets of F32, subnormals and the payloads of NaNs included.
  /// - Parameters:
  ///   - range: Must lie within `0..<elementCount`.
  ///   - destination: Must hold `range.count` floats or more.
  /// - Throws: ``CheckpointError/unsupportedElementType(path:tensor:found:)``; a read error in
  ///   ``CheckpointError/core(_:)`` where the file has become shorter.
  public func readFloats(
    elements range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(CheckpointError) {
    precondition(destination.count >= range.count, "destination too small")
    guard let output = destination.baseAddress, !range.isEmpty else { return }
    try withBytes(elements: range) { dtype, bytes in
      switch dtype {
      case .f32: UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes)
      case .f16: FloatConversion.floats(fromF16: bytes, count: range.count, into: output)
      case .bf16: FloatConversion.floats(fromBF16: bytes, count: range.count, into: output)
      }
    }
  }

  /// All elements as floats.
  /// - Throws: As ``readFloats(elements:into:)``.
  public func floats() throws(CheckpointError) -> [Float] {
    var failure: CheckpointError?
    let values = [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
      do throws(CheckpointError) {
        try readFloats(elements: 0..<elementCount, into: buffer)
        count = elementCount
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// Copies the elements `range` as they are stored, little-endian, to the start of `destination`.
  /// - Parameters:
  ///   - range: Must lie within `0..<elementCount`.
  ///   - destination: Must hold `range.count` elements of ``dtype`` or more.
  /// - Throws: As ``readFloats(elements:into:)``.
  public func readBytes(
    elements range: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(CheckpointError) {
    try withBytes(elements: range) { _, bytes in
      precondition(destination.count >= bytes.count, "destination too small")
      destination.copyMemory(from: bytes)
    }
  }

  /// Says that the elements `range` were read for the last time, so that their pages no longer count as resident.
  /// Reading them again is allowed, and slower.
  public func discard(elements range: Range<Int>) {
    guard let dtype else { return }
    file.discard(bytes(of: range, dtype))
  }

  private func withBytes(
    elements range: Range<Int>, _ body: (DType, UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    guard let dtype else { throw .unsupportedElementType(path: path, tensor: name, found: dtypeName) }
    let bytes = bytes(of: range, dtype)
    file.withBytes { body(dtype, UnsafeRawBufferPointer(rebasing: $0[bytes])) }
    try file.requireIntact()
  }

  /// Cannot overflow: the header was checked against the file's size.
  private func bytes(of range: Range<Int>, _ dtype: DType) -> Range<Int> {
    precondition(range.lowerBound >= 0 && range.upperBound <= elementCount, "elements out of range")
    let start = byteRange.lowerBound + range.lowerBound * dtype.byteCount
    return start..<start + range.count * dtype.byteCount
  }
}
