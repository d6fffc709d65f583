import Checkpoints
import Foundation
import ModelCore
import Testing

/// Every way an index of several files can be wrong.
@Suite struct ShardIndexZooTests {
  static let index = "model.safetensors.index.json"
  static let zipIndex = "pytorch_model.bin.index.json"
  static let shard1 = "model-00001-of-00003.safetensors"
  static let shard2 = "model-00002-of-00003.safetensors"
  static let shard3 = "model-00003-of-00003.safetensors"
  static let zipShard1 = "pytorch_model-00001-of-00002.bin"
  static let zipShard2 = "pytorch_model-00002-of-00002.bin"
  static let embeddings = "model.encoder_model.embeddings.word_embeddings.weight"
  static let scale = "model.logit_scale"

  /// An index of this text.
  static func text(_ name: String, _ text: String, _ error: @escaping @Sendable (String) -> CheckpointError)
    -> BadFolder
  {
    BadFolder(name, { _ = try $0.write(index, text) }, { error("\($0)/\(index)") })
  }

  /// An index in which the JSON value `file` stands for the file of a tensor called `t`.
  static func file(_ file: String, _ error: @escaping @Sendable (String) -> CheckpointError) -> BadFolder {
    text("file \(file)", "{\"metadata\":{},\"weight_map\":{\"t\":\(file)}}", error)
  }

  static let texts: [BadFolder] = [
    text("empty", "") { .core(.invalidJSON(path: $0, offset: 0, reason: "unexpected end")) },
    text("cut", "{\"weight_map\":{") { .core(.invalidJSON(path: $0, offset: 15, reason: "expected a string as key")) },
    text("trailing bytes", "{\"weight_map\":{\"t\":\"\(shard1)\"}}{}") {
      .core(.invalidJSON(path: $0, offset: 55, reason: "unexpected bytes after the value"))
    },
    text("NaN", "{\"metadata\":{\"total_size\":NaN},\"weight_map\":{}}") {
      .core(.invalidJSON(path: $0, offset: 26, reason: "expected a JSON value"))
    },
    text("duplicate tensor", "{\"weight_map\":{\"t\":\"\(shard1)\",\"t\":\"\(shard2)\"}}") {
      .core(.invalidJSON(path: $0, offset: 54, reason: "duplicate key \"t\""))
    },
    text("two maps", "{\"weight_map\":{},\"weight_map\":{\"t\":\"\(shard1)\"}}") {
      .core(.invalidJSON(path: $0, offset: 17, reason: "duplicate key \"weight_map\""))
    },
    text("NUL in a tensor", "{\"weight_map\":{\"t\\u0000\":\"\(shard1)\"}}") {
      .core(.invalidJSON(path: $0, offset: 15, reason: "NUL in a key"))
    },
    text("array", "[]") {
      .core(.unexpectedJSON(path: $0, field: "the document", expected: "an object", found: "an array"))
    },
    text("no map", "{\"metadata\":{\"total_size\":1}}") {
      .core(.unexpectedJSON(path: $0, field: "weight_map", expected: "a value", found: "nothing"))
    },
    text("map is null", "{\"weight_map\":null}") { mapError($0, "null") },
    text("map is an array", "{\"weight_map\":[\"\(shard1)\"]}") { mapError($0, "an array") },
    text("map is a file", "{\"weight_map\":\"\(shard1)\"}") { mapError($0, "\"\(shard1)\"") },
    text("empty map", "{\"metadata\":{},\"weight_map\":{}}") { .emptyIndex(path: $0) },
    text("Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n") {
      .core(.invalidJSON(path: $0, offset: 0, reason: "expected a JSON value"))
    },
  ]

  static func mapError(_ path: String, _ found: String) -> CheckpointError {
    .core(
      .unexpectedJSON(path: path, field: "weight_map", expected: "an object of file names by tensor", found: found))
  }

  static let kinds: [BadFolder] = [
    ("null", "null"), ("1", "1"), ("true", "true"), ("[\"\(shard1)\"]", "an array"), ("{}", "an object"),
  ].map { text, found in
    file(text) { .core(.unexpectedJSON(path: $0, field: "weight_map.t", expected: "a string", found: found)) }
  }

  /// Names that are not of a file beside the index, as JSON spells them.
  static let names: [BadFolder] = [
    "", ".", "..", "../evil.safetensors", "/etc/evil.safetensors", "sub/evil.safetensors", "./\(shard1)",
    "sub\\/evil.safetensors", "evil\\u0000.safetensors", "evil.bin", "evil.SAFETENSORS", "evil.safetensors ",
    "evil.safetensors\\n", "https://example.org/evil.safetensors", index,
  ].map { name in
    file("\"\(name)\"") { path in
      let found = name.replacing("\\/", with: "/").replacing("\\u0000", with: "\0").replacing("\\n", with: "\n")
      return .shardName(
        path: path, tensor: "t", expected: "a file name that ends in .safetensors", found: found)
    }
  }

  @Test(arguments: texts + kinds + names)
  func badIndex(_ bad: BadFolder) throws { try bad.check(Self.sharded("micro-sharded")) }

  static func sharded(_ name: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.copyFiles(of: Fixtures.container(name))
    try folder.copy(Fixtures.container("micro") + "/config.json", as: "config.json")
    return folder
  }

  /// Puts `tensor` into `file` of the index; `nil` takes it out.
  static func put(_ tensor: String, in file: String?, _ index: String, _ folder: TemporaryFolder) throws {
    try folder.editJSON(index) {
      var map = try #require($0["weight_map"] as? [String: Any])
      map[tensor] = file
      $0["weight_map"] = map
    }
  }

  static let contents: [BadFolder] = [
    BadFolder("in no shard") {
      try put("t", in: shard2, index, $0)
    } _: {
      .tensorInNoShard(path: "\($0)/\(index)", tensor: "t", expected: "\($0)/\(shard2)")
    },
    BadFolder("in another shard") {
      try put(scale, in: shard1, index, $0)
    } _: {
      .tensorInOtherShard(
        path: "\($0)/\(index)", tensor: scale, expected: "\($0)/\(shard1)", found: "\($0)/\(shard3)")
    },
    BadFolder("not in the index") {
      try put(scale, in: nil, index, $0)
    } _: {
      .tensorNotInIndex(path: "\($0)/\(index)", tensor: scale, shard: "\($0)/\(shard3)")
    },
    BadFolder("in two shards") {
      try $0.copy("\($0.path)/\(shard1)", as: "model-extra.safetensors")
      try put("t", in: "model-extra.safetensors", index, $0)
    } _: {
      .tensorInTwoShards(
        path: "\($0)/\(index)", tensor: embeddings, first: "\($0)/\(shard1)", second: "\($0)/model-extra.safetensors")
    },
    BadFolder("shard cut") {
      _ = try $0.write(shard1, "1234567")
    } _: {
      .noHeader(path: "\($0)/\(shard1)", size: 7)
    },
    BadFolder("shard is a Git LFS pointer") {
      _ = try $0.write(shard3, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    } _: {
      .pointer(path: "\($0)/\(shard3)")
    },
    BadFolder("shard of another container") {
      try $0.remove(shard2)
      try $0.copy(Fixtures.container("micro-zip-sharded") + "/\(zipShard1)", as: shard2)
    } _: {
      .headerTooLong(
        path: "\($0)/\(shard2)", length: 578_712_552_184_433_488, limit: SafetensorsFile.maximumHeaderLength)
    },
  ]

  @Test(arguments: contents)
  func badContents(_ bad: BadFolder) throws { try bad.check(Self.sharded("micro-sharded")) }

  static let zipContents: [BadFolder] = [
    BadFolder("in no shard") {
      try put("t", in: zipShard2, zipIndex, $0)
    } _: {
      .tensorInNoShard(path: "\($0)/\(zipIndex)", tensor: "t", expected: "\($0)/\(zipShard2)")
    },
    BadFolder("in another shard") {
      try put(embeddings, in: zipShard2, zipIndex, $0)
    } _: {
      .tensorInOtherShard(
        path: "\($0)/\(zipIndex)", tensor: embeddings, expected: "\($0)/\(zipShard2)", found: "\($0)/\(zipShard1)")
    },
    BadFolder("not in the index") {
      try put(embeddings, in: nil, zipIndex, $0)
    } _: {
      .tensorNotInIndex(path: "\($0)/\(zipIndex)", tensor: embeddings, shard: "\($0)/\(zipShard1)")
    },
    BadFolder("in two shards") {
      try $0.copy("\($0.path)/\(zipShard1)", as: "pytorch_model-extra.bin")
      try put("t", in: "pytorch_model-extra.bin", zipIndex, $0)
    } _: {
      .tensorInTwoShards(
        path: "\($0)/\(zipIndex)", tensor: "model.classes_projector.linear_1.bias", first: "\($0)/\(zipShard1)",
        second: "\($0)/pytorch_model-extra.bin")
    },
    BadFolder("shard of the other container") {
      try put("t", in: shard1, zipIndex, $0)
    } _: {
      .shardName(path: "\($0)/\(zipIndex)", tensor: "t", expected: "a file name that ends in .bin", found: shard1)
    },
    BadFolder("shard is a Git LFS pointer") {
      _ = try $0.write(zipShard2, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    } _: {
      .pointer(path: "\($0)/\(zipShard2)")
    },
    BadFolder("shard is empty") {
      _ = try $0.write(zipShard1, "")
    } _: {
      .notPyTorch(path: "\($0)/\(zipShard1)", size: 0)
    },
  ]

  @Test(arguments: zipContents)
  func badZipContents(_ bad: BadFolder) throws { try bad.check(Self.sharded("micro-zip-sharded")) }
}
