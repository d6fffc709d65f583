import CSentencePiece

/// libsentencepiece on a model made for it.
final class SentencePieceOracle {
  /// What the library made of a text.
  struct Encoding {
    var ids: [Int32] = []
    /// The normalized text, with ▁ for spaces.
    var normalized: [UInt8] = []
  }

  // SAFETY: opened in init, closed in deinit only, and never handed out.
  private let handle: OpaquePointer

  /// Loads a serialized model.
  /// - Throws: why the library refuses it.
  init(_ model: [UInt8]) throws(Refused) {
    var reason = [CChar](repeating: 0, count: 256)
    let handle = model.withUnsafeBytes { glcs_open($0.baseAddress, $0.count, &reason, reason.count) }
    guard let handle else {
      throw Refused(
        reason: String(decoding: reason.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self))
    }
    self.handle = handle
  }

  deinit { glcs_close(handle) }

  /// What the library says.
  struct Refused: Error {
    let reason: String
  }

  /// The score of piece `id`, or `nil` where there is none.
  func score(of id: Int) -> Float? {
    var (text, size, score, kind): (UnsafePointer<CChar>?, Int, Float, Int32) = (nil, 0, 0, 0)
    guard let id = Int32(exactly: id), glcs_piece(handle, id, &text, &size, &score, &kind) == 0 else { return nil }
    return score
  }

  /// Encodes `text` into `result`, whose memory is used again.
  /// - Returns: false where the library fails.
  func encode(_ text: UnsafeBufferPointer<UInt8>, into result: inout Encoding) -> Bool {
    var (idCapacity, textCapacity) = (max(text.count + 8, 256), max(4 * text.count + 8, 1_024))
    while true {
      var (idCount, textSize) = (0, 0)
      var status: Int32 = -1
      result.ids = [Int32](unsafeUninitializedCapacity: idCapacity) { ids, initializedIDs in
        result.normalized = [UInt8](unsafeUninitializedCapacity: textCapacity) { bytes, initializedBytes in
          status = text.withMemoryRebound(to: CChar.self) { source in
            bytes.withMemoryRebound(to: CChar.self) { target in
              glcs_encode_normalized(
                handle, source.baseAddress, source.count, ids.baseAddress, idCapacity, &idCount, target.baseAddress,
                textCapacity, &textSize)
            }
          }
          initializedBytes = status == 0 ? min(textSize, textCapacity) : 0
        }
        initializedIDs = status == 0 ? min(idCount, idCapacity) : 0
      }
      guard status == 0 else { return false }
      if idCount <= idCapacity, textSize <= textCapacity { return true }
      (idCapacity, textCapacity) = (max(idCount, idCapacity), max(textSize, textCapacity))
    }
  }
}
