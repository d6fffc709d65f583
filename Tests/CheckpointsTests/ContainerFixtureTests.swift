import Checkpoints
import Foundation
import ModelCore
import Testing

/// Files written by the real libraries are read as those read them, to the bit, or refused for the reason expected.
@Suite struct ContainerFixtureTests {
  /// What is in the folder; a file that cannot be listed or has no entry fails in every test.
  static let names = (try? ExpectedContainers.namesInFolder()) ?? []
  static let files = names.filter { $0.contains(".") }

  /// Files that torch reads, or could, and that are refused here all the same. Positions in pickles are left open.
  static let policy: [String: @Sendable (String) -> CheckpointError] = [
    "legacy.pt": { .pyTorchPickle(path: $0) },
    "legacy_tar.pt": { .pyTorchTar(path: $0) },
    "empty.pt": { .noStateDict(path: $0, found: "a dictionary without tensors") },
    "numpy_scalar.pt": refused(.refusedGlobal("numpy._core.multiarray.scalar")),
    "nested_objects.pt": refused(.refusedGlobal("torch.device")),
  ]

  /// Reasons of `refused` entries that name no global.
  static let otherReasons: [String: PickleViolation] = [
    "conjugate.pt": .tensorField("metadata", expected: "none", found: "\"conj\""),
    "negative.pt": .tensorField("metadata", expected: "none", found: "\"neg\""),
  ]

  /// In the order in which they are removed.
  static let removable = ["_orig_mod.", "module.", "base_model.model."]

  static func refused(_ violation: PickleViolation) -> @Sendable (String) -> CheckpointError {
    { .pickle(path: $0, position: 0, violation) }
  }

  /// Makes a checkpoint of the file, with a configuration that says nothing about it.
  static func checkpoint(of name: String, in folder: TemporaryFolder) throws -> String {
    try folder.copy(Fixtures.container("micro/config.json"), as: "config.json")
    try folder.copy(Fixtures.container(name), as: name)
    return "\(folder.path)/\(name)"
  }

  @Test func everyFileHasAnEntryAndEveryEntryAFile() throws {
    let expected = try ExpectedContainers.load()
    let entries = Array(expected.files.keys) + Array(expected.checkpoints.keys)
    #expect(try ExpectedContainers.namesInFolder() == entries.sorted())
    #expect(Self.files.count == expected.files.count)
    #expect(Self.files.count > 40)
    for name in Self.policy.keys { #expect(expected.files[name] != nil, "\(name)") }
    for name in Self.otherReasons.keys { #expect(expected.files[name] != nil, "\(name)") }
    for (name, file) in expected.files {
      #expect((file.refused == nil) == (file.tensors != nil), "\(name)")
      // What the reader has no rule for, and cannot be of a state dict, must be in the table above.
      let foreign = (file.foreign ?? []).filter { !["__builtin__.set", "builtins.set", "_codecs.encode"].contains($0) }
      #expect(foreign.isEmpty || Self.policy[name] != nil, "\(name): \(foreign)")
    }
  }

  @Test(arguments: files)
  func fileIsReadToTheBitOrRefused(_ name: String) throws {
    let expected = try ExpectedContainers.load()
    let entry = try #require(expected.files[name])
    let folder = try TemporaryFolder()
    let path = try Self.checkpoint(of: name, in: folder)
    if let refusal = try expectedError(name, entry) {
      let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(path) }
      #expect(error?.withoutPosition == refusal(path))
      expectUserMessage(error, path: path)
      return
    }
    let checkpoint = try Checkpoint.open(path)
    let tensors = try #require(entry.tensors)
    #expect(checkpoint.tensors.map(\.name).sorted() == tensors.keys.sorted())
    #expect(checkpoint.weights.unwrappedKeys == entry.unwrapped)
    let prefix = (entry.prefix ?? "") + (entry.inside ?? "")
    #expect(checkpoint.weights.removedPrefixes == Self.removable.filter(prefix.contains))
    for (tensorName, expected) in tensors {
      let tensor = try #require(checkpoint.tensor(tensorName))
      try expect(tensor, expected)
    }
    #expect(try SourceDigest.compute(checkpoint).content.count == 32)
  }

  private func expectedError(
    _ name: String, _ entry: ExpectedContainers.File
  ) throws -> (@Sendable (String) -> CheckpointError)? {
    if let error = Self.policy[name] { return error }
    guard let reason = entry.refused else { return nil }
    if reason.hasPrefix("global ") { return Self.refused(.refusedGlobal(String(reason.dropFirst("global ".count)))) }
    return Self.refused(try #require(Self.otherReasons[name], "\(name): no rule for \(reason)"))
  }

  private func expect(_ tensor: TensorView, _ expected: ExpectedContainers.Tensor) throws {
    #expect(tensor.dtypeName == expected.dtype, "\(tensor.name)")
    #expect(tensor.shape == expected.shape, "\(tensor.name)")
    #expect(try storedBytes(tensor, count: tensor.byteCount) == expected.contents, "\(tensor.name)")
    guard let bits = expected.f32 else {
      // Types that are not read as floats are carried all the same.
      #expect(tensor.dtype == nil)
      let error = checkpointError { () throws(CheckpointError) in try tensor.floats() }
      #expect(error == .unsupportedElementType(path: tensor.path, tensor: tensor.name, found: expected.dtype))
      return
    }
    #expect(tensor.dtype?.rawValue == expected.dtype)
    let floats = try tensor.floats()
    #expect(ExpectedContainers.Tensor.bits(floats) == bits, "\(tensor.name)")
  }

  // MARK: What only the file's own reader tells

  @Test(arguments: files)
  func namesInTheFileAreThoseStored(_ name: String) throws {
    let expected = try ExpectedContainers.load()
    let entry = try #require(expected.files[name])
    guard try expectedError(name, entry) == nil, let tensors = entry.tensors else { return }
    let path = Fixtures.container(name)
    let stored = tensors.map { $0.value.stored ?? $0.key }.sorted()
    if name.hasSuffix(".safetensors") {
      #expect(try SafetensorsFile(path: path).tensors.map(\.name).sorted() == stored)
      return
    }
    let file = try PyTorchFile(path: path)
    #expect(file.tensors.map(\.name).sorted() == stored)
    #expect(file.unwrappedKeys == entry.unwrapped)
    #expect(file.hasChecksums == (name != "no_crc.pt"))
    // An archive without checksums is read, and said to be one.
    let folder = try TemporaryFolder()
    let copy = try Self.checkpoint(of: name, in: folder)
    #expect(try Checkpoint.open(copy).weights.withoutChecksums == (name == "no_crc.pt" ? [copy] : []))
  }

  /// What lies plainly in the file is read in place; nothing else is.
  @Test func onlyPlainTensorsHaveAPlaceInTheFile() throws {
    func places(_ name: String) throws -> [String: Range<Int>?] {
      let file = try PyTorchFile(path: Fixtures.container(name))
      return Dictionary(file.tensors.map { ($0.name, $0.byteRange) }) { first, _ in first }
    }
    let views = try places("views.pt")
    for name in ["transposed", "columns", "stepped", "permuted", "windows.overlapping", "unit"] {
      #expect(views[name] == .some(nil), "\(name)")
    }
    for name in ["rows", "offset", "tied.first", "overlapping.second", "windows", "scalar", "zero"] {
      #expect(views[name]??.count != nil, "\(name)")
    }
    #expect(views["tied.first"] == views["tied.second"])
    for place in try places("deflated.pt").values { #expect(place == nil) }
    let expanded = try places("expanded.pt")
    #expect(expanded["rows"] == .some(nil))
    #expect(expanded["plain"]??.count == 16)
    let bigEndian = try places("big_endian.pt")
    #expect(bigEndian["F32"] == .some(nil))
    #expect(bigEndian["I8"]??.count == 4)
  }
}

extension CheckpointError {
  /// With the position in a pickle left open, which another version of a library changes.
  fileprivate var withoutPosition: CheckpointError {
    if case .pickle(let path, _, let violation) = self {
      .pickle(path: path, position: 0, violation)
    } else {
      self
    }
  }
}
