import Crypto
import ModelCore

/// What identifies the weights that a file was made from: 32-byte SHA-256 digests.
///
/// ``content`` is the same for the same tensors whatever container they are in. It is the SHA-256 of, for each tensor in
/// the order of its name's UTF-8 bytes: the name, NUL, the dtype (`F32`), NUL, the dimensions in decimal joined by `x`
/// (nothing for a scalar), NUL, and the 32-byte SHA-256 of the tensor's bytes, little-endian and row-major.
public struct SourceDigest: Sendable, Equatable {
  /// SHA-256 of the whole file.
  public let file: [UInt8]
  /// SHA-256 over names, types, shapes and contents.
  public let content: [UInt8]

  /// Computes both digests in one pass over the file, by plain reads: no page of the mapping becomes resident.
  /// Takes about a second a gigabyte; safe to call on another thread while the checkpoint is read.
  /// - Throws: A read error in ``CheckpointError/core(_:)``, also where the file's size is no longer what it was.
  public static func compute(_ checkpoint: Checkpoint) throws(CheckpointError) -> SourceDigest {
    var whole = SHA256()
    var tensors = TensorHashers(checkpoint.tensors)
    try readWhole(checkpoint.weights.path, expectedSize: checkpoint.weights.file.size) { bytes, offset in
      whole.update(bufferPointer: bytes)
      tensors.update(bytes, at: offset)
    }
    return SourceDigest(file: Array(whole.finalize()), content: tensors.content())
  }

  /// The SHA-256 of the file at `path`.
  /// - Throws: A read error in ``CheckpointError/core(_:)``.
  public static func sha256(ofFile path: String) throws(CheckpointError) -> [UInt8] {
    var hasher = SHA256()
    try readWhole(path, expectedSize: nil) { bytes, _ in hasher.update(bufferPointer: bytes) }
    return Array(hasher.finalize())
  }

  /// A digest in lower-case hexadecimal.
  public static func hexadecimal(_ digest: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}

/// The digests of all tensors, driven by consecutive pieces of the file they are in.
private struct TensorHashers {
  private let tensors: [TensorView]
  private var digests: [[UInt8]] = []
  private var hasher = SHA256()

  /// `tensors` are in the order of their data, which has no holes.
  init(_ tensors: [TensorView]) {
    self.tensors = tensors
  }

  /// Takes the next bytes of the file, which start at `offset`.
  mutating func update(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    let end = offset + bytes.count
    while digests.count < tensors.count {
      let range = tensors[digests.count].byteRange.clamped(to: offset..<end)
      if !range.isEmpty {
        hasher.update(bufferPointer: .init(rebasing: bytes[range.lowerBound - offset..<range.upperBound - offset]))
      }
      guard tensors[digests.count].byteRange.upperBound <= end else { return }
      finishTensor()
    }
  }

  private mutating func finishTensor() {
    digests.append(Array(hasher.finalize()))
    hasher = SHA256()
  }

  /// The digest over all tensors, after the whole file.
  func content() -> [UInt8] {
    var content = SHA256()
    let rows = zip(tensors, digests).sorted { $0.0.name.utf8.lexicographicallyPrecedes($1.0.name.utf8) }
    for (tensor, digest) in rows {
      let shape = tensor.shape.map(String.init).joined(separator: "x")
      content.update(data: Array("\(tensor.name)\0\(tensor.dtypeName)\0\(shape)\0".utf8))
      content.update(data: digest)
    }
    return Array(content.finalize())
  }
}
