import Checkpoints
import Foundation
import ModelCore
import Testing

/// `rank_pattern`, `alpha_pattern`, and regular expressions that cannot be used.
@Suite struct AdapterPatternTests {
  static let query = AdapterTargetsTests.query

  /// What an element of B·A is multiplied to: alpha, or alpha · √r with rank stabilization, where A and B are ones.
  static func value(_ configuration: String, _ module: String = query, rank: Int = 1) throws -> Float {
    let folder = try TemporaryFolder()
    let adapter = SmallAdapter(configuration, ranks: [(module, rank)])
    let tensor = try adapter.open(folder).get().tensor("\(module).weight")
    let values = try #require(tensor).floats()
    #expect(Set(values).count == 1)
    return try #require(values.first)
  }

  struct Key: Sendable, CustomTestStringConvertible {
    let keys: String
    let module: String
    /// The value of the key that counts, `nil` where none does.
    let value: Int?
    var testDescription: String { "\(keys) \(module)" }

    init(_ keys: String, _ module: String, _ value: Int?) {
      (self.keys, self.module, self.value) = (keys, module, value)
    }
    init(_ keys: String, _ value: Int?) { self.init(keys, query, value) }
  }

  /// Which key counts: those of `get_pattern_key` of PEFT 0.21.2 (Python 3.11).
  static let keys: [Key] = [
    Key(#""query_proj":5"#, 5), Key(#""self.query_proj":5,"query_proj":6"#, 5),
    Key(#""query_proj":6,"self.query_proj":5"#, 6),
    Key(#""key_proj":5,"query_proj":6"#, 6), Key(#""proj":5"#, nil), Key(#"".*proj":5"#, 5), Key(#""query":5"#, nil),
    Key(#""^query_proj":5"#, nil), Key(#""^encoder.*query_proj":5"#, 5), Key(#""encoder":5"#, nil),
    Key(#""query_proj$":5"#, 5), Key(#""a|query_proj":5"#, 5), Key(#""query_proj|b":5"#, 5),
    Key(#""layer\\.1\\..*":5"#, 5), Key(#""layer.1":5"#, nil), Key("\"\(query)\":5", 5),
    Key(#""(self)\\.query_proj":5"#, 5),
    // Groups are counted with the one that stands before every key.
    Key(#""(.)\\3.b":5"#, "a.xx.b", 5), Key(#""(.)\\1.b":5"#, "a.xx.b", nil), Key(#""":5"#, nil),
    Key(#""query_proj":5"#, "xquery_proj", nil), Key(#""attention.self.query_proj":5"#, 5),
    Key(#""layer\\.[02]\\..*":5,"query_proj":6"#, 6), Key("", nil),
  ]

  @Test(arguments: keys)
  func firstKeyThatMatches(_ key: Key) throws {
    let alpha = try Self.value("\"r\":1,\"lora_alpha\":2,\"alpha_pattern\":{\(key.keys)}", key.module)
    #expect(alpha == Float(key.value ?? 2))
    let rank = "\"r\":2,\"lora_alpha\":3,\"use_rslora\":true,\"rank_pattern\":{\(key.keys)}"
    let expected = Double(key.value ?? 2)
    #expect(try Self.value(rank, key.module, rank: key.value ?? 2) == Float(3 / expected.squareRoot() * expected))
  }

  /// Defaults of `LoraConfig`: rank 8, alpha 8; and what alpha is divided by.
  @Test func scales() throws {
    #expect(try Self.value("\"bias\":\"none\"", rank: 8) == 8)
    #expect(try Self.value("\"r\":4", rank: 4) == 8)
    #expect(try Self.value("\"r\":4,\"lora_alpha\":0.5", rank: 4) == 0.5)
    #expect(try Self.value("\"r\":4,\"lora_alpha\":-3", rank: 4) == -3)
    #expect(try Self.value("\"r\":4,\"lora_alpha\":3,\"use_rslora\":true", rank: 4) == 6)
    #expect(
      try Self.value("\"r\":4,\"lora_alpha\":3,\"use_rslora\":true,\"alpha_pattern\":{\"query_proj\":0.25}", rank: 4)
        == 0.5)
  }

  struct BadPattern: Sendable, CustomTestStringConvertible {
    let configuration: String
    let field: String
    let failure: PatternFailure
    var testDescription: String { configuration }

    init(_ configuration: String, _ field: String, _ reason: String, at offset: Int) {
      (self.configuration, self.field, failure) = (configuration, field, .invalid(reason: reason, offset: offset))
    }

    /// One that matching gives up on.
    init(_ configuration: String, _ field: String) {
      (self.configuration, self.field, failure) = (configuration, field, .tooHard)
    }
  }

  static let invalid: [BadPattern] = [
    BadPattern(#""target_modules":"(a""#, "target_modules", "missing closing parenthesis", at: 2),
    BadPattern(#""target_modules":"a)""#, "target_modules", "unmatched closing parenthesis", at: 1),
    BadPattern(#""target_modules":"*a""#, "target_modules", "quantifier does not follow a repeatable item", at: 0),
    BadPattern(#""target_modules":"[a""#, "target_modules", "missing terminating ] for character class", at: 2),
    BadPattern(#""target_modules":"(?<=a*)b""#, "target_modules", "lookbehind assertion is not fixed length", at: 0),
    BadPattern(#""exclude_modules":"a\\""#, "exclude_modules", "\\ at end of pattern", at: 2),
    BadPattern(#""exclude_modules":"\\C""#, "exclude_modules", "using \\C is disabled by the application", at: 2),
    BadPattern(#""rank_pattern":{"b":1,"(a":1}"#, "rank_pattern.(a", "missing closing parenthesis", at: 2),
    BadPattern(#""alpha_pattern":{"[z-a]":1}"#, "alpha_pattern.[z-a]", "range out of order in character class", at: 3),
    BadPattern(
      #""layers_to_transform":1,"layers_pattern":"(""#, "layers_pattern", "missing closing parenthesis", at: 1),
    BadPattern(
      #""target_modules":["a"],"layers_to_transform":1,"layers_pattern":"(?P<idx>x)""#, "layers_pattern",
      "two named subpatterns have the same name (PCRE2_DUPNAMES not set)", at: 10),
    BadPattern(#""modules_to_save":["b","a("]"#, "modules_to_save", "missing closing parenthesis", at: 2),
    // What Python reads in another way.
    BadPattern(#""target_modules":"a{,3}""#, "target_modules", "{, is not read as Python reads it", at: 1),
    BadPattern(#""target_modules":"[[:alpha:]]+""#, "target_modules", "[[: is not read as Python reads it", at: 0),
    BadPattern(#""target_modules":"(*LIMIT_MATCH=9)a""#, "target_modules", "(* is not read as Python reads it", at: 0),
    BadPattern(#""alpha_pattern":{"x{,3}":1}"#, "alpha_pattern.x{,3}", "{, is not read as Python reads it", at: 1),
    // Expressions whose compiled form is out of proportion.
    BadPattern(
      #""target_modules":"((a{999}){999}){999}""#, "target_modules", "regular expression is too large", at: 20),
    BadPattern(
      "\"target_modules\":\"\(String(repeating: "(", count: 5000))\"", "target_modules",
      "parentheses are too deeply nested", at: 251),
  ]

  /// A name of forty letters, for which these take steps without end.
  static let hard: [BadPattern] = [
    BadPattern(#""target_modules":"(a+)+""#, "target_modules"),
    BadPattern(#""target_modules":"(a|a)*b""#, "target_modules"),
    BadPattern(#""target_modules":"(a*)*$""#, "target_modules"),
    BadPattern(#""target_modules":"^(a?){40}a{40}$""#, "target_modules"),
    BadPattern(#""target_modules":"(.+.+)+[xy]b""#, "target_modules"),
    BadPattern(#""exclude_modules":"(a+)+""#, "exclude_modules"),
    BadPattern(#""rank_pattern":{"(a+)+":1}"#, "rank_pattern.(a+)+"),
    BadPattern(#""alpha_pattern":{"(a+)+$":1}"#, "alpha_pattern.(a+)+$"),
    BadPattern(#""modules_to_save":["(a+)+b"]"#, "modules_to_save"),
    BadPattern(#""target_modules":["\#(name)"],"rank_pattern":{"(?:a|aa)+":1}"#, "rank_pattern.(?:a|aa)+"),
    BadPattern(#""target_modules":["b"],"layers_to_transform":1,"layers_pattern":"(a+)+c""#, "layers_pattern"),
    BadPattern(#""target_modules":"(?R)?a""#, "target_modules"),
  ]

  static let name = String(repeating: "a", count: 40) + ".b"

  /// A name beyond any that a module has, along which one step may run.
  @Test(arguments: [(1023, true), (1024, false), (1_000_000, false)])
  func longName(_ length: Int, _ isFine: Bool) throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "a", count: length) + "b"
    let result = try SmallAdapter("\"r\":1,\"target_modules\":\".*?a*+b\"", name).open(folder)
    switch result {
    case .success: #expect(isFine)
    case .failure(.pattern(folder.path + "/adapter_config.json", "target_modules", .tooHard)): #expect(!isFine)
    case .failure(let error): Issue.record(error)
    }
  }

  /// Patterns of which none takes too many steps, and so many of them that all together do.
  @Test func manyHardPatterns() throws {
    let keys = (1...20_000).map { "\"(a+)+[xy]{1,\($0)}\":1" }.joined(separator: ",")
    let modules = (0..<20).map { ("\(String(repeating: "a", count: 14))\($0)", 1) }
    func open(_ keys: String) throws -> (Result<Checkpoint, CheckpointError>, String) {
      let folder = try TemporaryFolder()
      let adapter = SmallAdapter("\"r\":1,\"lora_alpha\":1,\"rank_pattern\":{\(keys)}", ranks: modules)
      return (try adapter.open(folder), folder.path)
    }
    #expect(try open("\"(a+)+[xy]\":1").0.get().adapter?.changed.count == 20)
    guard case (.failure(.pattern(_, _, .tooHard)), _) = try open(keys) else {
      Issue.record("expected an error")
      return
    }
  }

  /// What a large model's adapter has: a key for each of many modules.
  @Test func manyPlainPatterns() throws {
    let modules = (0..<300).map { ("model.layers.\($0 / 6).self_attn.\($0 % 6)_proj", 1) }
    let keys = modules.map { "\"\($0.0)\":1" }.joined(separator: ",")
    let folder = try TemporaryFolder()
    let adapter = SmallAdapter(
      "\"r\":4,\"lora_alpha\":1,\"rank_pattern\":{\(keys)},\"alpha_pattern\":{\(keys)}", ranks: modules)
    #expect(try adapter.open(folder).get().adapter?.changed.count == 300)
  }

  @Test(arguments: invalid + hard)
  func isRefused(_ bad: BadPattern) throws {
    let folder = try TemporaryFolder()
    let result = try SmallAdapter("\"r\":1,\"lora_alpha\":1,\(bad.configuration)", Self.name).open(folder)
    guard case .failure(let error) = result else {
      Issue.record("expected an error")
      return
    }
    let path = folder.path + "/adapter_config.json"
    guard case .pattern(path, bad.field, let failure) = error else {
      Issue.record(error)
      return
    }
    #expect(failure.withoutPCRE2sWords == bad.failure.withoutPCRE2sWords)
    #expect(error.message.hasPrefix("\(path): \(bad.field): expected a regular expression"))
    #expect(error.exitStatus == .badData)
  }
}

extension PatternFailure {
  /// Without what PCRE2 says, which depends on its version; our own words are kept.
  fileprivate var withoutPCRE2sWords: PatternFailure {
    guard case .invalid(let reason, let offset) = self, !reason.hasSuffix("as Python reads it") else { return self }
    return .invalid(reason: reason.isEmpty ? "none" : "", offset: offset)
  }
}
