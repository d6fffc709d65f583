import Foundation
import Glibc
import Testing

/// A model file that somebody else shortens while `gliclass` waits for input: an I/O error, no signal, and no answer
/// made of what is no longer there.
@Suite struct ShortenedModelTests {
  @Test(arguments: ["classify", "tokenize"]) func whileWaiting(_ command: String) throws {
    let file = try GLCBytes()
    let data = try file.section("tensor data")
    let tokenizer = try file.section("tokenizer")
    var lengths = [0, 4096, tokenizer.offset, tokenizer.offset + 100, data.offset, data.offset + data.size / 2]
    // Within the last page of the tensors: the rest of that page reads as zeros, without a signal.
    lengths.append(data.offset + data.size - 100)
    for length in lengths {
      let folder = try TemporaryFolder()
      let model = try folder.model()
      let conversation = try Conversation(.classify, [command, model, "--labels", "a,b", "--jsonl"])
      conversation.send("{\"text\": \"the first\"}")
      try #require(conversation.readLine() != nil)
      try #require(truncate(model, off_t(length)) == 0)
      conversation.send("{\"text\": \"others, with words not seen before\"}")
      let outcome = conversation.finish()
      expectFailure(outcome, status: 74, naming: [model, "shorter"])
    }
  }

  /// Longer, or replaced by another file as `gliclass-convert` does it: the model that was opened goes on.
  @Test func replacedWhileWaiting() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model()
    let conversation = try Conversation(.classify, ["classify", model, "--labels", "a,b", "--jsonl"])
    conversation.send("{\"text\": \"x\"}")
    let first = try #require(conversation.readLine())
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", model, "--f32"]))
    conversation.send("{\"text\": \"x\"}")
    #expect(conversation.readLine() == first)
    expectSuccess(conversation.finish())
  }
}
