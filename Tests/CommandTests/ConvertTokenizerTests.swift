import Foundation
import Testing

/// `gliclass-convert --tokenizer-profile`, and which files a tokenizer is made from.
@Suite struct ConvertTokenizerTests {
  private static let option = ["--tokenizer-profile", "transformers-5"]
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func theProfileIsSaidEverywhere() throws {
    let model = folder["five.glc"]
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", model] + Self.option)
    expectSuccess(outcome)
    #expect(outcome.text.contains("  tokenizer  tokenizer.json, Unigram, profile transformers-5, "), "\(outcome)")
    // The fixture's "added_tokens_decoder": {} makes transformers 5.x forget them.
    let kept = "  kept       <<LABEL>>, <<SEP>>, <<EXAMPLE>>: transformers 5.x itself would not know them\n"
    #expect(outcome.text.contains(kept), "\(outcome)")
    let plan = try Program.convert.run([Fixtures.tiny, "--dry-run"] + Self.option)
    #expect(plan.text.contains(kept) && plan.text.contains("profile transformers-5"), "\(plan)")
    let inspected = try Program.classify.run(["inspect", model])
    for text in [
      "profile transformers-5, as tokenizers 0.23.3",
      "496 pieces, Unigram, 8 added tokens; Unicode: normalization forms 9.0.0",
    ] {
      #expect(inspected.text.contains(text), "\(text) in \(inspected)")
    }
    let json = try Program.classify.run(["inspect", model, "--json"]).text
    #expect(json.components(separatedBy: #""profile": "transformers-5""#).count == 3, "metadata and header: \(json)")
  }

  @Test func theDefaultIsTokenizers() throws {
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", folder["a"], "--tokenizer-profile", "tokenizers"])
    expectSuccess(outcome)
    #expect(!outcome.text.contains("  kept "))
    #expect(try folder.bytes("a") == Models.tiny.get())
    let help = try Program.convert.run(["--help"]).text
    #expect(help.contains("--tokenizer-profile <profile>") && help.contains("(default: tokenizers)"), "\(help)")
  }

  @Test(arguments: ["transformers-4", "Tokenizers", ""]) func otherNamesAreRefused(_ name: String) throws {
    let outcome = try Program.convert.run([Fixtures.tiny, "--dry-run", "--tokenizer-profile", name])
    expectFailure(outcome, status: 64, naming: ["--tokenizer-profile", "'tokenizers'", "'transformers-5'"])
  }

  @Test func theReferenceIsReadByTheProfileOfTheFile() throws {
    struct Verdict: Decodable {
      var texts: Int
      var token_mismatches: Int
    }
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", folder["five.glc"]] + Self.option))
    // Two spaces and a line end: here the normalizers differ.
    let data = try folder.write(
      "data.jsonl", #"{"text":"a\n b  \t c","all_labels":["x","y"],"true_labels":["x"]}"# + "\n")
    let outcome = try Program.verify.run(
      [folder["five.glc"], "--checkpoint", Fixtures.tiny, "--data", data, "--json", "-"])
    let verdict = try outcome.json(Verdict.self)
    #expect(verdict.texts == 1 && verdict.token_mismatches == 0)
  }

  @Test func aModelOfT5IsFoundAndNotTakenForAnother() throws {
    let checkpoint = try folder.checkpoint(
      ["spiece.model": bytes("\(Fixtures.debianTags)/spm.model")], without: "tokenizer.json")
    let outcome = try Program.convert.run([checkpoint, "--dry-run"])
    expectFailure(outcome, status: 65, naming: ["/spiece.model", "profile tokenizers", "spm.model", "T5Tokenizer"])
    let five = try Program.convert.run([checkpoint, "--dry-run"] + Self.option)
    expectFailure(five, status: 65, naming: ["/spiece.model", "profile transformers-5", "spm.model"])
  }

  @Test func settingsAreRefusedByName() throws {
    let split = try folder.checkpoint(
      replacing: "\"vocab_type\": \"spm\"", with: "\"split_special_tokens\": true", in: "tokenizer_config.json")
    for option in [[], Self.option] {
      let outcome = try Program.convert.run([split, "-o", folder["x"]] + option)
      expectFailure(outcome, status: 65, naming: ["/tokenizer_config.json", "split_special_tokens", "true", "false"])
    }
    let other = try TemporaryFolder()
    let albert = try other.checkpoint(
      replacing: "DebertaV2Tokenizer", with: "AlbertTokenizer", in: "tokenizer_config.json")
    let outcome = try Program.convert.run([albert, "-o", folder["x"]] + Self.option)
    expectFailure(outcome, status: 65, naming: ["/tokenizer_config.json", "tokenizer_class", "\"AlbertTokenizer\""])
    expectSuccess(try Program.convert.run([albert, "-o", folder["x"]]))
  }

  @Test func aFolderWithoutATokenizer() throws {
    let checkpoint = try folder.checkpoint(without: "tokenizer.json")
    expectFailure(
      try Program.convert.run([checkpoint, "-o", folder["x"]]), status: 66, naming: ["tokenizer.json", "spm.model"])
  }
}
