import ArgumentParser
import CommandSupport
import GLCFormat
import GLiClass
import ModelCore
import Tokenization

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a .glc file holds and where it came from.",
    discussion: """
      EXAMPLES
        gliclass inspect model.glc
        gliclass inspect model.glc --check
        gliclass inspect model.glc --tensors
        gliclass inspect model.glc --recipe > recipe.json
      """)

  @Argument(help: "The .glc file.", completion: .file(extensions: ["glc"]))
  var model: String

  @Flag(help: "Print one JSON object: format, metadata and every tensor.")
  var json = false

  @Flag(help: "Also list every tensor: shape, encoding, group size, input scales and size.")
  var tensors = false

  @Flag(help: "Print the recipe alone, as gliclass-convert --recipe takes it.")
  var recipe = false

  @Flag(help: "Also read all tensor data: checksums, codes, multipliers, channel sums and input scales.")
  var check = false

  func run() throws {
    try reporting {
      // The whole model, so that a file which opens here is one that runs.
      let model = try GLiClassModel(path: model)
      let (file, tokenizer) = (model.file, model.tokenizer.summary)
      if check {
        let bar = ProgressBar("checking")
        defer { bar.finish() }
        try file.checkTensorData { bar.update(Double($0) / Double($1)) }
      }
      if recipe { return Console.print(try file.recipe().text(pretty: true)) }
      Console.print(
        json
          ? file.json(tokenizer, isChecked: check).text(pretty: true)
          : file.summary(tokenizer, isChecked: check)
            + (tensors ? "\n" + file.tensorTable.joined(separator: "\n") : ""))
    }
  }
}

extension GLCFile {
  fileprivate func summary(_ tokenizer: TokenizerSummary, isChecked: Bool) -> String {
    let encoder = configuration.encoder
    let metadata = metadata.root
    func text(_ path: String...) -> String {
      var value: JSONValue? = metadata
      for key in path { value = value?.member(key) }
      return value?.string ?? value.map(\.found) ?? "-"
    }
    var lines = [
      "\(path): .glc \(version), \(Formatting.size(file.size)), numerics revision \(numericsRevision)",
      "  model       \(text("model", "architecture")): \(encoder.layerCount) layers, hidden \(encoder.hiddenSize), "
        + "\(encoder.headCount) heads, feed-forward \(encoder.intermediateSize), vocabulary \(encoder.vocabularySize)",
      "  head        scorer \(text("model", "scorer")), pooling \(text("model", "pooling")), labels "
        + (configuration.prompt.promptFirst ? "first" : "last")
        + ", up to \(configuration.prompt.maximumLength) tokens",
      "  tokenizer   \(text("tokenizer", "source")), profile \(tokenizer.profile.name), as tokenizers "
        + tokenizer.libraryVersion,
      "  vocabulary  \(tokenizer.description)",
      "  weights     \(text("recipe", "weights")); attention \(text("numerics", "attention")), head activations "
        + text("numerics", "head_activations"),
      "  made by     \(text("converter", "name")) \(text("converter", "version"))",
      "  checkpoint  \(text("source", "content_digest"))",
    ]
    let files = metadata.member("source")?.member("files")
    for index in 0..<(files?.count ?? 0) {
      guard let row = files?.element(index) else { continue }
      lines.append(
        "  from        \(row.member("name")?.string ?? "-")  sha256 \(row.member("sha256")?.string ?? "-")")
    }
    for section in sections { lines.append("  section     \(section.name), \(Formatting.size(section.size))") }
    lines += tensorSummary
    lines += RecipeRecord(metadata.member("recipe")).summary
    lines += metadata.member("drift").map { SearchRecord($0).summary } ?? []
    lines += stamp?.summary ?? []
    lines.append("  checksums   " + (isChecked ? "all good" : "good (tensor data not read; --check reads it)"))
    return lines.joined(separator: "\n")
  }

  fileprivate func json(_ tokenizer: TokenizerSummary, isChecked: Bool) -> JSON {
    .object([
      ("path", .string(path)),
      ("format_version", .string(version)),
      ("bytes", .int(file.size)),
      ("numerics_revision", .int(Int(numericsRevision))),
      ("tensor_data_checked", .bool(isChecked)),
      ("metadata", metadata.root.json),
      ("verdict", stamp?.json ?? .null),
      ("tokenizer", tokenizer.json),
      (
        "sections",
        .array(sections.map { .object([("name", .string($0.name)), ("bytes", .int($0.size))]) })
      ),
      ("body", bodyJSON),
      ("bytes_beside_body", besideBodyJSON),
      ("tensors", tensorsJSON),
    ])
  }
}

extension TokenizerSummary {
  /// Of what the tokenizer needs: the version of Unicode.
  private var unicodeVersions: [(name: String, version: String)] {
    [
      ("grapheme_clusters", unicodeVersion), ("normalization_forms", normalizationVersion),
      ("letters_and_numbers", propertyVersion),
    ].filter { $0.1 != "0.0.0" }
  }

  fileprivate var description: String {
    let unicode = unicodeVersions.map { "\($0.name.split(separator: "_").joined(separator: " ")) \($0.version)" }
    let fallback = hasByteFallback ? " with byte fallback" : ""
    return "\(pieceCount) pieces, \(model.name)\(fallback), \(addedTokenCount) added tokens"
      + (unicode.isEmpty ? "" : "; Unicode: \(unicode.joined(separator: ", "))")
  }

  fileprivate var json: JSON {
    .object([
      ("section_version", .string(version)), ("profile", .string(profile.name)),
      ("tokenizers_version", .string(libraryVersion)), ("model", .string(model.name)),
      ("byte_fallback", .bool(hasByteFallback)), ("pieces", .int(pieceCount)), ("added_tokens", .int(addedTokenCount)),
      ("unicode", .object(unicodeVersions.map { ($0.name, .string($0.version)) })),
    ])
  }
}
