import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// What is refused of a byte-level BPE in `tokenizer.json`, and what a small one gives.
@Suite struct BytePairErrorTests {
  private static let byteLevel = #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true}"#

  private func compile(
    _ vocabulary: String, merges: String = "[]", more: String = "", preTokenizer: String = byteLevel
  ) throws -> [UInt8] {
    let json = """
      {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":\(preTokenizer),"post_processor":null,
      "decoder":null,"model":{"type":"BPE","vocab":{\(vocabulary)},"merges":\(merges)\(more)}}
      """
    let document = try JSONDocument(json, path: "small.json")
    return try TokenizerCompiler.compile(tokenizer: document.root, path: "small.json").bytes
  }

  private func message(_ body: () throws -> [UInt8]) -> String {
    do {
      _ = try body()
      return "accepted"
    } catch let error as TokenizerCompilerError {
      return error.exitStatus == .badData ? error.message : "status \(error.exitStatus): \(error.message)"
    } catch {
      return "\(error)"
    }
  }

  @Test func refusals() {
    let letters = #""a":0,"b":1,"ab":2"#
    let pair = #"[["a","b"]]"#
    let cases: [(String, String)] = [
      (
        message { try compile(letters, merges: #"[["a","c"]]"#) },
        "model.merges[0]: expected tokens that the vocabulary"
      ),
      (message { try compile(letters, merges: #"[["b","a"]]"#) }, "found \"ba\""),
      (message { try compile(letters, merges: #"[["a"]]"#) }, "model.merges[0]: expected a pair of tokens"),
      (message { try compile(letters, merges: #"["a b c"]"#) }, "two tokens with a space between them"),
      (message { try compile(#""a":0,"b":0"#) }, "model.vocab: expected texts that are not empty, each with an id"),
      (message { try compile(#""":0"#) }, "model.vocab: expected texts that are not empty"),
      (message { try compile(#""a":4000"#) }, "the largest id: expected at most 1025, found 4000"),
      (message { try compile("") }, "model.vocab: expected at least one token"),
      (message { try compile(letters, merges: pair, more: #","dropout":0.5"#) }, "model.dropout"),
      (message { try compile(letters, more: #","end_of_word_suffix":"</w>""#) }, "model.end_of_word_suffix"),
      (message { try compile(letters, more: #","continuing_subword_prefix":"@""#) }, "model.continuing_subword_prefix"),
      (message { try compile(letters, more: #","byte_fallback":true"#) }, "model.byte_fallback"),
      (message { try compile(letters, more: #","unk_token":"[UNK]""#) }, "[UNK]"),
      (
        message { try compile(letters, preTokenizer: "null") },
        "pre_tokenizer: unsupported value null before a BPE model"
      ),
    ]
    for (found, expected) in cases {
      #expect(found.contains(expected), "\(found)")
      #expect(found.hasPrefix("small.json: "), "\(found)")
    }
  }

  /// By hand: the lowest rank first, the leftmost among equals; bytes without a token are left out, or unknown.
  @Test func merges() throws {
    let letters = #""a":0,"b":1,"ab":2,"aba":3,"[U]":4,"Ġ":5"#
    func ids(_ text: String, _ merges: String, _ more: String = "") throws -> [Int32] {
      try CompiledTokenizer(copying: compile(letters, merges: merges, more: more), path: "x").encode(text)
    }
    #expect(try ids("abab", #"[["a","b"],["ab","a"]]"#) == [2, 2])
    #expect(try ids("aba", #"["a b","ab a"]"#) == [3])
    #expect(try ids("aXb", "[]") == [0, 1])
    #expect(try ids("aXYb", "[]", #","unk_token":"[U]""#) == [0, 4, 4, 1])
    #expect(try ids("aXYb", "[]", #","unk_token":"[U]","fuse_unk":true"#) == [0, 4, 1])
    #expect(try ids("aba a", "[]", #","ignore_merges":true"#) == [3, 5, 0])
  }
}
