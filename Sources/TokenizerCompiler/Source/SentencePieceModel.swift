import CSentencePiece

/// A SentencePiece model: pieces, scores and kinds from libsentencepiece; what that does not tell from the serialized
/// message itself (field numbers are those of sentencepiece_model.proto).
struct SentencePieceModel {
  enum Kind: Equatable {
    case normal, unknown, control, userDefined, unused, byte
  }

  private(set) var pieces = PieceList()
  private(set) var kinds: [Kind] = []
  /// `trainer_spec.unk_id`, which transformers goes by: a field of its own, whatever piece has the type UNKNOWN.
  private(set) var trainerUnknownID = 0
  /// `normalizer_spec.precompiled_charsmap`; empty where there is none.
  private(set) var charsmap: [UInt8] = []

  private static let unigram: UInt64 = 1
  private static let userDefined: UInt64 = 4

  /// The parts of the message that the library does not tell, and those that it is to read.
  private struct Message {
    var modelType = SentencePieceModel.unigram
    var unknownID: UInt64 = 0
    var charsmap: [UInt8] = []
    var userDefinedPieces: Set<Int> = []
    var pieceCount = 0
    /// Pieces and trainer specification alone: no charsmap, whose indices the library would follow unchecked, and no
    /// self-test that would run it.
    var essentials: [UInt8] = []
  }

  /// Reads a serialized model.
  init(_ bytes: [UInt8], path: String) throws(TokenizerCompilerError) {
    let message: Message
    do throws(ProtobufWalk.Malformed) {
      message = try Self.walk(bytes)
    } catch {
      throw .invalidModel(path: path, reason: error.reason)
    }
    guard message.modelType == Self.unigram else {
      let name = [2: "BPE", 3: "WORD", 4: "CHAR"][message.modelType] ?? "\(message.modelType)"
      throw .unsupported(path: path, field: "trainer_spec.model_type", found: name, supported: "UNIGRAM")
    }
    charsmap = message.charsmap
    try load(message, path: path)
  }

  private static func walk(_ bytes: [UInt8]) throws(ProtobufWalk.Malformed) -> Message {
    var message = Message()
    var fields = ProtobufWalk(bytes)
    message.essentials.reserveCapacity(bytes.count)
    while let field = try fields.next() {
      guard case .bytes(let range) = field.value else { continue }
      switch field.number {
      case 1:
        if try lastVarint(3, bytes, range) == userDefined { message.userDefinedPieces.insert(message.pieceCount) }
        message.pieceCount += 1
      case 2:
        message.modelType = try lastVarint(3, bytes, range) ?? message.modelType
        message.unknownID = try lastVarint(40, bytes, range) ?? message.unknownID
      case 3:
        var specification = ProtobufWalk(bytes, in: range)
        while let inner = try specification.next() {
          if inner.number == 2, case .bytes(let map) = inner.value { message.charsmap = Array(bytes[map]) }
        }
      default: break
      }
      if field.number <= 2 { message.essentials += bytes[field.whole] }
    }
    return message
  }

  private static func lastVarint(
    _ number: Int, _ bytes: [UInt8], _ range: Range<Int>
  ) throws(ProtobufWalk.Malformed) -> UInt64? {
    var fields = ProtobufWalk(bytes, in: range)
    var found: UInt64?
    while let field = try fields.next() {
      if field.number == number, case .varint(let value) = field.value { found = value }
    }
    return found
  }

  private mutating func load(_ message: Message, path: String) throws(TokenizerCompilerError) {
    var reason = [CChar](repeating: 0, count: 256)
    let model = message.essentials.withUnsafeBytes { glcs_open($0.baseAddress, $0.count, &reason, reason.count) }
    guard let model else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
      throw .invalidModel(path: path, reason: text)
    }
    defer { glcs_close(model) }
    let count = Int(glcs_piece_count(model))
    guard count == message.pieceCount, count > 0 else {
      throw .invalidModel(path: path, reason: "expected \(message.pieceCount) pieces, found \(count)")
    }
    guard let id = Int(exactly: message.unknownID), id < count else {
      throw .invalidModel(path: path, reason: "trainer_spec.unk_id is that of no piece")
    }
    trainerUnknownID = id
    pieces.reserve(count)
    for id in 0..<count {
      var (text, size, score, kind): (UnsafePointer<CChar>?, Int, Float, Int32) = (nil, 0, 0, 0)
      guard glcs_piece(model, Int32(id), &text, &size, &score, &kind) == 0, score.isFinite else {
        throw .invalidModel(path: path, reason: "piece \(id) has no finite score")
      }
      pieces.append(UnsafeRawBufferPointer(start: text, count: size), score: Double(score))
      kinds.append(message.userDefinedPieces.contains(id) ? .userDefined : Self.kind(kind))
    }
  }

  /// The pieces that are added tokens as well (`SpmConverter.tokenizer`, `SentencePieceExtractor.extract` of transformers).
  var addedTokens: [FlaggedToken] {
    kinds.indices.filter { kinds[$0] == .control || kinds[$0] == .userDefined }.map { id in
      FlaggedToken(
        content: String(decoding: pieces.bytes(id), as: UTF8.self), normalized: false, special: kinds[id] == .control)
    }
  }

  private static func kind(_ value: Int32) -> Kind {
    switch Int(value) {
    case GLCS_UNKNOWN: .unknown
    case GLCS_CONTROL: .control
    case GLCS_UNUSED: .unused
    case GLCS_BYTE: .byte
    default: .normal
    }
  }
}
