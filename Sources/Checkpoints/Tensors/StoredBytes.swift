import ModelCore

/// Where the bytes of tensors are: a part of a mapped file, or memory that an archive's entry was inflated to.
enum StoredBytes: Sendable {
  case mapped(MappedFile, Range<Int>)
  case inflated(InflatedBytes)

  var count: Int {
    switch self {
    case .mapped(_, let range): range.count
    case .inflated(let bytes): bytes.buffer.count
    }
  }

  /// Lends all bytes. Those of a file that was shortened read as zeros: ask ``requireIntact()`` afterwards.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .mapped(let file, let range):
      try file.withBytes { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
    case .inflated(let bytes):
      try body(UnsafeRawBufferPointer(bytes.buffer))
    }
  }

  /// Throws where the file has become shorter.
  func requireIntact() throws(CheckpointError) {
    if case .mapped(let file, _) = self { try file.requireIntact() }
  }

  /// Says that `range` was read for the last time, so that its pages no longer count as resident.
  func discard(_ range: Range<Int>) {
    guard case .mapped(let file, let own) = self else { return }
    file.discard(own.lowerBound + range.lowerBound..<own.lowerBound + range.upperBound)
  }
}

/// Memory that is written once, by its maker, and freed with its owner.
final class InflatedBytes: @unchecked Sendable {
  let buffer: UnsafeMutableRawBufferPointer

  init(count: Int) { buffer = .allocate(byteCount: count, alignment: 64) }

  deinit { buffer.deallocate() }
}
