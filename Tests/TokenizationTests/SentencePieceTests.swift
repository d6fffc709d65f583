import CSentencePiece
import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// The path from `spm.model`, and libsentencepiece as an oracle for the model itself.
@Suite struct SentencePieceTests {
  private static let markers = [
    NamedToken("<<LABEL>>", id: 8001), NamedToken("<<SEP>>", id: 8002), NamedToken("<<EXAMPLE>>", id: 8003),
  ]

  private func compile(
    _ model: [UInt8], _ tokens: [NamedToken] = SentencePieceTests.markers
  ) -> Result<CompiledTokenizerSection, TokenizerCompilerError> {
    Result { () throws(TokenizerCompilerError) in
      try TokenizerCompiler.compile(sentencePieceModel: model, addedTokens: tokens, path: "spm.model")
    }
  }

  private func error(_ result: Result<CompiledTokenizerSection, TokenizerCompilerError>) -> TokenizerCompilerError? {
    if case .failure(let error) = result { error } else { nil }
  }

  @Test func bothFilesGiveTheSamePiecesAndCharsmap() throws {
    let (json, model) = try (Fixtures.jsonSection.get(), Fixtures.modelSection.get())
    #expect(json.summary.vocabularySize == model.summary.vocabularySize)
    func part(_ section: CompiledTokenizerSection, _ part: SectionLayout.Part) -> ArraySlice<UInt8> {
      let entry = SectionLayout.partTableOffset + 16 * part.rawValue
      func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(section.bytes[offset + $1]) << (8 * $1) } }
      return section.bytes[word(entry)..<word(entry) + word(entry + 8)]
    }
    for kind: SectionLayout.Part in [
      .pieceTrie, .pieceText, .charsmapTrie, .replacementText, .normalizer, .preTokenizer, .template,
    ] {
      #expect(part(json, kind) == part(model, kind), "\(kind)")
    }
    // The library's way of reading decimals moves some scores of tokenizer.json by a last bit.
    func scores(_ section: CompiledTokenizerSection) -> [Double] {
      let bytes = Array(part(section, .pieceScores))
      return stride(from: 0, to: bytes.count, by: 8).map { offset in
        Double(bitPattern: bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
    }
    let (written, widened) = (scores(json), scores(model))
    #expect(written.count == widened.count && written.count == json.summary.pieceCount)
    #expect(zip(written, widened).allSatisfy { abs($0 - $1) <= $1.ulp })
    #expect(written != widened)
  }

  @Test func theLibraryItselfGivesTheSameIDs() throws {
    // Plain ASCII words, where the two normalizers cannot differ.
    let bytes = try Fixtures.bytes("\(Fixtures.demo)/spm.model")
    var reason = [CChar](repeating: 0, count: 256)
    let model = bytes.withUnsafeBytes { glcs_open($0.baseAddress, $0.count, &reason, reason.count) }
    defer { glcs_close(model) }
    let tokenizer = try Fixtures.tokenizer(.sentencePiece)
    var generator = SeededGenerator(state: 3)
    for _ in 0..<500 {
      let letters = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
        "etaoinshrdlucmfwypvbgkjqxz      ,.-"[Int.random(in: 0..<35, using: &generator)]
      }
      let text = String(decoding: letters, as: UTF8.self)
      var ids = [Int32](repeating: 0, count: 200)
      let count = glcs_encode(model, text, text.utf8.count, &ids, ids.count)
      #expect(try tokenizer.encode(text, addTemplate: false) == Array(ids.prefix(Int(count))), "\(text)")
    }
  }

  @Test func tokensThatContradictTheModelAreRefused() throws {
    let model = try Fixtures.bytes("\(Fixtures.demo)/spm.model")
    for tokens in [
      [NamedToken("<<LABEL>>", id: 7)], [NamedToken("[CLS]", id: 9000)],
      [NamedToken("a", id: 8001), NamedToken("b", id: 8001)],
      [NamedToken("[MASK]", id: 8000), NamedToken("x", id: 8000)], [NamedToken("", id: 8001)],
      [NamedToken("<<LABEL>>", id: 8000)],
    ] {
      guard case .invalidVocabulary("spm.model", _, _, _)? = error(compile(model, tokens)) else {
        Issue.record("\(tokens): \(String(describing: error(compile(model, tokens))))")
        continue
      }
    }
    let twice = compile(model, Self.markers + Self.markers + [NamedToken("[MASK]", id: 8000)])
    #expect(try twice.get().bytes == Fixtures.modelSection.get().bytes)
  }

  @Test func damagedModelsAreRefused() throws {
    let model = try Fixtures.bytes("\(Fixtures.demo)/spm.model")
    for bytes in [[], [0xFF], Array("not a model".utf8), Array(model[..<1000]), Array(model.dropLast(3))] {
      guard case .invalidModel("spm.model", let reason)? = error(compile(bytes)) else {
        Issue.record("\(bytes.count) bytes: \(String(describing: error(compile(bytes))))")
        continue
      }
      #expect(!reason.isEmpty)
    }
    var generator = SeededGenerator(state: 11)
    for _ in 0..<40 {
      var crafted = model
      for _ in 0..<(1 << Int.random(in: 0...6, using: &generator)) {
        crafted[Int.random(in: 0..<crafted.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      _ = compile(crafted)
    }
  }

  @Test func otherModelTypesAreRefusedAndBytePiecesArePieces() throws {
    /// A message field with a length.
    func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(content.count)] + content }
    func piece(_ text: String, _ type: UInt8) -> [UInt8] {
      field(1, field(1, Array(text.utf8)) + [0x15, 0, 0, 0x80, 0xBF] + [3 << 3, type])
    }
    let pieces = piece("[UNK]", 2) + piece("[CLS]", 3) + piece("[SEP]", 3) + piece("[PAD]", 3) + piece("\u{2581}a", 1)
    let unigram = field(2, [3 << 3, 1])
    #expect(throws: Never.self) { try compile(pieces + unigram, []).get() }
    let added = try CompiledTokenizer(copying: compile(pieces + unigram, []).get().bytes, path: "x")
    #expect(try added.encode("a [MASK]") == [1, 4, 5, 2])
    guard
      case .unsupported("spm.model", "trainer_spec.model_type", "BPE", _)? = error(
        compile(pieces + field(2, [3 << 3, 2]), []))
    else {
      Issue.record("BPE")
      return
    }
    // The library wants all 256 of them.
    let digits = Array("0123456789ABCDEF")
    let bytePieces = (0..<256).flatMap { piece("<0x\(digits[$0 / 16])\(digits[$0 % 16])>", 6) }
    let withBytes = compile(pieces + bytePieces + field(2, [3 << 3, 1, 0x98, 2, 1]), [])
    let bytes = try CompiledTokenizer(copying: withBytes.get().bytes, path: "x")
    #expect(!bytes.summary.hasByteFallback)
    #expect(try bytes.encode("<0x41>", addTemplate: false) == [0, 70])
    // The library adds what it needs: [CLS], [SEP], [PAD] and [MASK] behind the pieces.
    let two = piece("[UNK]", 2) + piece("a", 1) + unigram
    let few = try CompiledTokenizer(copying: compile(two, []).get().bytes, path: "x")
    #expect(try few.encode("[PAD]") == [2, 4, 3])
    // The field of the unknown piece need not name the piece of that type, but some piece.
    guard
      case .invalidModel("spm.model", let reason)? = error(compile(pieces + field(2, [3 << 3, 1, 0xC0, 2, 9]), [])),
      reason.contains("unk_id")
    else {
      Issue.record("unk_id")
      return
    }
  }
}

extension String {
  fileprivate subscript(index: Int) -> UInt8 { Array(utf8)[index] }
}
