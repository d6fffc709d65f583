import Checkpoints
import ModelCore
import Testing

/// Which modules a configuration means. Every answer is that of `check_target_module_exists` of PEFT 0.21.2 (Python 3.11).
@Suite struct AdapterTargetsTests {
  struct Target: Sendable, CustomTestStringConvertible {
    let configuration: String
    let module: String
    let isCovered: Bool
    var testDescription: String { "\(configuration) \(module)" }

    init(_ configuration: String, _ module: String, _ isCovered: Bool) {
      (self.configuration, self.module, self.isCovered) = (configuration, module, isCovered)
    }

    init(_ configuration: String, _ isCovered: Bool) { self.init(configuration, query, isCovered) }
  }

  static let query = "encoder.layer.1.attention.self.query_proj"

  /// A list names modules, or ends of their names from a dot on.
  static let lists: [Target] = [
    Target(#"["query_proj"]"#, true), Target(#"["query_proj"]"#, "query_proj", true), Target(#"["proj"]"#, false),
    Target(#"["query_proj"]"#, "a.xquery_proj", false), Target(#"["self.query_proj"]"#, true),
    Target(#"["elf.query_proj"]"#, false), Target("[\"\(query)\"]", true), Target(#"["key_proj","query_proj"]"#, true),
    Target(#"["query_proj."]"#, false), Target(#"["query.proj"]"#, "a.query_proj", false),
    Target(#"[".*proj"]"#, false),
    Target(#"[""]"#, false), Target("[]", false), Target(#"["attention"]"#, false), Target(#"["Query_proj"]"#, false),
  ].map { Target("\"target_modules\":\($0.configuration)", $0.module, $0.isCovered) }

  /// A string is a regular expression for the whole name.
  static let expressions: [Target] = [
    Target(".*query_proj", true), Target("query_proj", false), Target("query_proj", "query_proj", true),
    Target(".*query_pro", false), Target(#".*\\.query_proj"#, "query_proj", false),
    Target(#"encoder\\.layer\\.[0-9]+\\..*(query|key)_proj"#, true), Target(#"encoder\\.layer\\.[^1]\\..*"#, false),
    Target(".*(?<!key)_proj", true), Target("(?i).*QUERY_PROJ", true), Target(#"(?P<a>.*)\\.query_proj"#, true),
    Target("^encoder.*$", true), Target("encoder", false), Target("", false), Target("a|.*query_proj", true),
    Target(#".*\\.layer\\.\\d+\\.(?=attention).*proj"#, true), Target("encoder|x", false),
    Target("(encoder|x).*", true),
    Target(#"(.)\\1.b"#, "xx.b", true), Target(#".*\\bquery_proj"#, true), Target(#".*?query_proj\\Z"#, true),
    Target(#"\\w+(\\.\\w+)*"#, true), Target("(?x) .* query _proj # c", true), Target(#"\\w+"#, "caf\u{E9}", true),
    Target(#"\\w\\.\\d"#, "\u{E9}.\u{663}", true), Target("[[]a", "[a", true), Target("[]]a", "]a", true),
    Target("(?s:.*)query_proj", true), Target(".*+query_proj", false), Target("(?>.*\\\\.)query_proj", true),
  ].map { Target("\"target_modules\":\"\($0.configuration)\"", $0.module, $0.isCovered) }

  static let exclusions: [Target] = [
    Target(#"["query_proj"]"#, false), Target(#"["layer.1.attention.self.query_proj"]"#, false),
    Target(#"["layer.0.attention.self.query_proj"]"#, true), Target("[\"\(query)\"]", false),
    Target(#""query_proj""#, true), Target(#"".*layer\\.1\\..*""#, false), Target(#"".*layer\\.2\\..*""#, true),
    Target(#"["proj"]"#, true), Target("[]", true), Target(#""""#, true), Target("null", true),
  ].map {
    Target("\"target_modules\":[\"query_proj\"],\"exclude_modules\":\($0.configuration)", $0.module, $0.isCovered)
  }

  /// What is saved whole has no adapter.
  static let saved: [Target] = [
    Target(#"["query_proj"]"#, false), Target(#"["layer"]"#, false), Target(#"["text_projector"]"#, true),
    Target(#"["lay"]"#, true), Target(#"["encoder"]"#, false), Target(#"["query.proj"]"#, false), Target("[]", true),
    Target("null", true),
  ].map {
    Target("\"target_modules\":[\"query_proj\"],\"modules_to_save\":\($0.configuration)", $0.module, $0.isCovered)
  }

  /// Without a pattern, a layer's number is the first that has two components before it.
  static let layers: [Target] = [
    Target("[1]", true), Target("[0]", false), Target("1", true), Target("0", false), Target("[0,1,2]", true),
    Target("[]", true), Target("null", true), Target("[1]", "query_proj", true),
    Target("[1]", "layer.1.query_proj", false),
    Target("[1]", "a.layer.1.query_proj", true), Target("[1]", "m.layers.1.experts.0.query_proj", true),
    Target("[0]", "m.layers.1.experts.0.query_proj", false), Target("[1]", "m.layer.01.query_proj", true),
    Target("[1]", "m.layer.99999999999999999999.query_proj", false), Target("[1]", "m.layer.1x.query_proj", false),
  ].map {
    Target("\"target_modules\":[\"query_proj\"],\"layers_to_transform\":\($0.configuration)", $0.module, $0.isCovered)
  }

  static let layerPatterns: [Target] = [
    Target(#"[1],"layers_pattern":"layer""#, true), Target(#"[0],"layers_pattern":"layer""#, false),
    Target(#"[1],"layers_pattern":["layer"]"#, true), Target(#"[1],"layers_pattern":["h","layer"]"#, true),
    Target(#"[1],"layers_pattern":"h""#, false), Target(#"[1],"layers_pattern":"layer""#, "layer.1.query_proj", true),
    Target(#"[1],"layers_pattern":"ayer""#, false),
    Target(#"[0],"layers_pattern":"experts""#, "m.layers.1.experts.0.query_proj", true),
    Target(#"[1],"layers_pattern":"l[a-z]+""#, true), Target(#"[1],"layers_pattern":[]"#, true),
    Target(#"[1],"layers_pattern":"""#, true), Target(#"[0],"layers_pattern":"""#, false),
    Target(#"[1],"layers_pattern":[""]"#, false),
    // The pattern stands in no group of its own: one half of it finds no number.
    Target(#"[1],"layers_pattern":"x|layer""#, false), Target(#"[1],"layers_pattern":"encoder|x""#, false),
    Target(#"[1],"layers_pattern":["encoder|x","layer"]"#, false), Target(#"[1],"layers_pattern":"x|encoder""#, false),
    Target(#"[1],"layers_pattern":["layer","experts"]"#, "m.layer.2.experts.1.query_proj", false),
  ].map {
    Target("\"target_modules\":[\"query_proj\"],\"layers_to_transform\":\($0.configuration)", $0.module, $0.isCovered)
  }

  /// Only names that a list finds by their ends are asked for their layer.
  static let unfiltered: [Target] = [
    Target("\"target_modules\":[\"\(query)\"],\"layers_to_transform\":[0]", true),
    Target("\"target_modules\":\".*query_proj\",\"layers_to_transform\":[0]", true),
    Target("\"target_modules\":[\"\(query)\"],\"exclude_modules\":[\"query_proj\"]", false),
    Target("\"target_modules\":\".*\",\"exclude_modules\":[\"proj\"]", true),
    Target("\"target_modules\":null", true), Target("\"bias\":\"none\"", true),
  ]

  @Test(arguments: lists + expressions + exclusions + saved + layers + layerPatterns + unfiltered)
  func covers(_ target: Target) throws {
    let folder = try TemporaryFolder()
    let result = try SmallAdapter("\"r\":1,\"lora_alpha\":1,\(target.configuration)", target.module).open(folder)
    switch result {
    case .success(let checkpoint):
      #expect(target.isCovered)
      #expect(checkpoint.adapter?.changed == ["\(target.module).weight"])
    case .failure(let error):
      #expect(!target.isCovered)
      #expect(
        error
          == .adapterTensor(
            path: folder.path + "/adapter_model.safetensors",
            tensor: "base_model.model.\(target.module).lora_A.weight",
            expected: "a module that target_modules covers, and no other field leaves out"))
    }
  }
}
