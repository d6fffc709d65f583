import Foundation
import Testing

/// A `.glc` that is none, is cut, or has one wrong bit: status 65, and the part is named.
@Suite struct DamagedModelTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func expectRefusal(
    _ file: [UInt8], naming texts: [String], hint: String? = nil, options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = try folder.write("model.glc", file)
    let outcome = try Program.classify.run(["inspect", model] + options)
    expectFailure(outcome, status: 65, naming: [model] + texts, hint: hint, sourceLocation: sourceLocation)
  }

  private func expectGood(_ file: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let outcome = try Program.classify.run(["inspect", try folder.write("model.glc", file), "--check"])
    expectSuccess(outcome, sourceLocation: sourceLocation)
  }

  @Test func sealingIsRight() throws {
    var file = try GLCBytes()
    let whole = file.bytes
    file.seal()
    #expect(file.bytes == whole)
    #expect(Set(file.sections.map(\.name)) == ["metadata", "tensor directory", "tokenizer", "tensor data"])
    try expectGood(whole)
  }

  @Test func notAModel() throws {
    try expectRefusal([], naming: [".glc"], hint: "gliclass-convert")
    try expectRefusal(Array("hello".utf8), naming: [".glc"], hint: "gliclass-convert")
    try expectRefusal(try bytes("\(Fixtures.tiny)/model.safetensors"), naming: [".glc"], hint: "gliclass-convert")
    try expectRefusal([UInt8](repeating: 0, count: 100_000), naming: [".glc"])
    for command in [["classify", "--labels", "a", "x"], ["tokenize", "x"], ["bench"]] {
      let outcome = try Program.classify.run([command[0], folder["model.glc"]] + command.dropFirst())
      expectFailure(outcome, status: 65, naming: [folder["model.glc"]])
    }
  }

  @Test func truncated() throws {
    let file = try GLCBytes()
    let whole = file.bytes
    var lengths = [0, 1, 7, 8, 63, 64, 100, file.headerSize - 1, file.headerSize, 65_535, whole.count - 1]
    for section in file.sections {
      lengths += [
        section.offset, section.offset + 1, section.offset + section.size / 2, section.offset + section.size - 1,
      ]
    }
    for length in lengths where length < whole.count {
      try expectRefusal(Array(whole[..<length]), naming: length < 64 ? [".glc"] : ["\(whole.count)", "\(length)"])
    }
    try expectRefusal(whole + [0], naming: ["\(whole.count)", "\(whole.count + 1)"])
  }

  @Test func flippedBitInTheHeader() throws {
    let file = try GLCBytes()
    for byte in 0..<64 {
      let part = byte < 8 ? "expected a .glc file" : byte < 10 ? "format version" : "header"
      try expectRefusal(file.flipping(byte: byte, bit: byte % 8).bytes, naming: [part])
    }
  }

  @Test func flippedBitInTheSectionTable() throws {
    let file = try GLCBytes()
    for section in file.sections {
      for byte in stride(from: section.entry, to: section.entry + 32, by: 3) {
        try expectRefusal(
          file.flipping(byte: byte, bit: byte % 8).bytes, naming: ["header", "checksum"], hint: "damaged")
      }
    }
  }

  @Test(arguments: ["metadata", "tensor directory", "tokenizer"]) func flippedBitInASection(_ name: String) throws {
    let file = try GLCBytes()
    let section = try file.section(name)
    for step in 0..<8 {
      let byte = section.offset + (section.size - 1) * step / 7
      try expectRefusal(file.flipping(byte: byte, bit: step).bytes, naming: [name, "checksum"], hint: "damaged")
    }
  }

  @Test func flippedBitInTensorData() throws {
    let file = try GLCBytes()
    let section = try file.section("tensor data")
    for step in 0..<6 {
      let damaged = file.flipping(byte: section.offset + (section.size - 1) * step / 5, bit: step).bytes
      let model = try folder.write("model.glc", damaged)
      // Opening reads no tensor; the check reads all.
      expectSuccess(try Program.classify.run(["inspect", model]))
      try expectRefusal(damaged, naming: ["tensor ", "checksum"], hint: "damaged", options: ["--check"])
      let verify = try Program.verify.run(
        [model, "--reference", "\(Fixtures.tiny)/reference.jsonl", "--data", "\(Fixtures.tiny)/eval.jsonl"])
      expectFailure(verify, status: 65, naming: [model, "tensor ", "checksum"])
    }
  }

  @Test func versions() throws {
    for version in [0, 3, 65535] {
      var file = try GLCBytes()
      file.set(8, 2, to: UInt64(version))
      // With the old checksum and with a true one: the version is judged first.
      for _ in 0..<2 {
        try expectRefusal(file.bytes, naming: ["version", "expected 1.x, 2.x", "found \(version).0"], hint: "version")
        file.seal()
      }
    }
    // Version 2 says more than a file of version 1 does.
    var major = try GLCBytes()
    major.set(8, 2, to: 2)
    try expectRefusal(major.bytes, naming: ["header", "checksum"], hint: "damaged")
    major.seal()
    try expectRefusal(major.bytes, naming: ["metadata", "model.attention_parts"])
    var minor = try GLCBytes()
    minor.set(10, 2, to: 7)
    minor.seal()
    try expectGood(minor.bytes)
    var numerics = try GLCBytes()
    numerics.set(24, 4, to: 2)
    numerics.seal()
    try expectRefusal(numerics.bytes, naming: ["numerics revision", "expected 1", "found 2"], hint: "convert")
  }

  @Test func sections() throws {
    let good = try GLCBytes()
    func refuse(
      naming texts: [String], sourceLocation: SourceLocation = #_sourceLocation, _ edit: (inout GLCBytes) -> Void
    ) throws {
      var file = good
      edit(&file)
      file.seal()
      try expectRefusal(file.bytes, naming: texts, sourceLocation: sourceLocation)
    }
    for section in good.sections {
      let entry = section.entry
      try refuse(naming: ["section"]) { $0.set(entry, 4, to: 9) }
      // A kind nobody knows is skipped where it says so; then one that every file has is missing.
      try refuse(naming: [section.name]) {
        $0.set(entry, 4, to: 9)
        $0.set(entry + 4, 4, to: 1)
      }
      for offset in [0, 1, 1 << 40, UInt64.max - 65_535, .max] {
        try refuse(naming: ["section"]) { $0.set(entry + 8, 8, to: offset) }
      }
      for size in [1 << 40, UInt64(Int64.max), .max] {
        try refuse(naming: ["section"]) { $0.set(entry + 16, 8, to: size) }
      }
      try refuse(naming: []) { $0.set(entry + 16, 8, to: 0) }
    }
    for count in [0, 1, 3, 65, UInt64(UInt32.max)] { try refuse(naming: ["header"]) { $0.set(28, 4, to: count) } }
    try refuse(naming: ["bytes"]) { $0.set(16, 8, to: 5) }
  }

  /// What a checksum cannot find: bytes changed on purpose, and sealed. Never a trap, never a hang, whatever they say.
  @Test func forged() throws {
    let good = try GLCBytes()
    var random = UInt64(1)
    func next(_ limit: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % limit
    }
    let sections = try ["metadata", "tensor directory", "tokenizer", "tokenizer"].map { try good.section($0) }
    for _ in 0..<120 {
      var file = good
      let section = sections[next(4)]
      for _ in 0...next(3) {
        let byte = section.offset + next(next(2) == 0 ? section.size : min(section.size, 600))
        file.bytes[byte] = [0, 255, 127, 128, file.bytes[byte] ^ 1 << UInt8(next(8))][next(5)]
      }
      file.seal()
      let model = try folder.write("model.glc", file.bytes)
      let outcome = try Program.classify.run(
        ["classify", model, "--labels", "a,b c", "--json", "hello world <<SEP>> ﬁ x"], timeout: 20)
      if outcome.end == .status(0) { continue }
      expectFailure(outcome, status: 65, naming: [])
    }
  }
}
