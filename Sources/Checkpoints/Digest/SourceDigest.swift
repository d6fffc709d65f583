import Hashing
import ModelCore

/// What identifies the weights that a file was made from: 32-byte SHA-256 digests.
///
/// ``content`` is the same for the same tensors whatever container they are in. It is the SHA-256 of, for each tensor in
/// the order of its name's UTF-8 bytes: the name, NUL, the dtype (`F32`), NUL, the dimensions in decimal joined by `x`
/// (nothing for a scalar), NUL, and the 32-byte SHA-256 of the tensor's bytes, little-endian and row-major. Names are those without
/// the prefixes of wrappers; a tensor that an adapter changed counts with its merged elements, as F32.
public struct SourceDigest: Sendable, Equatable {
  /// One file and its SHA-256.
  public struct File: Sendable, Equatable {
    /// The file's path.
    public let path: String
    /// Bytes in the file.
    public let size: Int
    /// SHA-256 of the whole file.
    public let sha256: [UInt8]
  }

  /// The files of weights, an index and the files of an adapter included.
  public let files: [File]
  /// SHA-256 over names, types, shapes and contents.
  public let content: [UInt8]

  /// Computes all digests in one pass over each file, by plain reads: no page of the mapping becomes resident. The same pass
  /// compares the checksums of archives, so whoever uses the weights of one calls this, or reads damaged ones.
  /// Takes about a second a gigabyte; safe to call on another thread while the checkpoint is read.
  /// - Throws: ``CheckpointError/zip(path:_:)`` where a checksum differs; a read error in ``CheckpointError/core(_:)``, also
  ///   where a file's size is no longer what it was.
  public static func compute(_ checkpoint: Checkpoint) throws(CheckpointError) -> SourceDigest {
    let weights = checkpoint.weights
    var files: [File] = []
    if let index = checkpoint.files.index { files.append(try file(index.path)) }
    var digests: [[UInt8]?] = Array(repeating: nil, count: weights.tensors.count)
    for file in weights.files {
      let sha256 = try pass(over: file, weights.tensors, &digests)
      files.append(File(path: file.path, size: file.file.size, sha256: sha256))
    }
    for path in checkpoint.adapter?.files.all ?? [] { files.append(try Self.file(path)) }
    var rows: [(tensor: TensorView, digest: [UInt8])] = []
    for (tensor, digest) in zip(weights.tensors, digests) {
      if let digest { rows.append((tensor, digest)) } else { rows.append((tensor, try elementsDigest(tensor))) }
    }
    return SourceDigest(files: files, content: content(rows))
  }

  /// The digest of the file at `path`.
  /// - Throws: A read error in ``CheckpointError/core(_:)``.
  public static func file(_ path: String) throws(CheckpointError) -> File {
    let hasher = SHA256()
    var size = 0
    try readWhole(path, expectedSize: nil) { bytes, _ in
      hasher.update(bytes)
      size += bytes.count
    }
    return File(path: path, size: size, sha256: hasher.finish())
  }

  /// A digest in lower-case hexadecimal.
  public static func hexadecimal(_ digest: [UInt8]) -> String {
    Formatting.hexadecimal(digest)
  }

  /// Reads one file once: its own digest, those of the tensors that lie plainly in it, and the checksums of its entries.
  private static func pass(
    over file: WeightFile, _ tensors: [TensorView], _ digests: inout [[UInt8]?]
  ) throws(CheckpointError) -> [UInt8] {
    let whole = SHA256()
    var hashers = TensorHashers(tensors, in: file.file)
    var checksums = ChecksumPass(file.checksums)
    try readWhole(file.path, expectedSize: file.file.size) { bytes, offset in
      whole.update(bytes)
      hashers.update(bytes, at: offset)
      checksums.update(bytes, at: offset)
    }
    try checksums.compare(path: file.path)
    for (index, digest) in hashers.finished { digests[index] = digest }
    return whole.finish()
  }

  /// The digest of a tensor that does not lie plainly in its file, a few elements at a time.
  private static func elementsDigest(_ tensor: TensorView) throws(CheckpointError) -> [UInt8] {
    let hasher = SHA256()
    let block = 1 << 18
    var floats: [Float] = []
    for start in stride(from: 0, to: tensor.elementCount, by: block) {
      let range = start..<min(start + block, tensor.elementCount)
      guard tensor.isMerged else {
        try tensor.withStoredBytes(elements: range) { hasher.update($0) }
        continue
      }
      floats = try tensor.floats(elements: range)
      floats.withUnsafeBytes { hasher.update($0) }
      tensor.discard(elements: range)
    }
    return hasher.finish()
  }

  private static func content(_ rows: [(tensor: TensorView, digest: [UInt8])]) -> [UInt8] {
    let content = SHA256()
    for (tensor, digest) in rows.sorted(by: { $0.tensor.name.utf8.lexicographicallyPrecedes($1.tensor.name.utf8) }) {
      let shape = tensor.shape.map(String.init).joined(separator: "x")
      content.update(Array("\(tensor.name)\0\(tensor.dtypeName)\0\(shape)\0".utf8))
      content.update(digest)
    }
    return content.finish()
  }
}
