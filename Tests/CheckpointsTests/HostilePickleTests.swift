import Checkpoints
import ModelCore
import Testing

/// Pickles that ask for depth, work or memory out of proportion. Each is answered one way or the other; where the work were out of
/// proportion, these tests would take minutes instead of an instant.
@Suite struct HostilePickleTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/hostile.pt"
  }

  private func error(_ pickle: [UInt8]) throws -> CheckpointError? {
    _ = try folder.write("hostile.pt", torchArchive(pickle))
    let path = path
    let error = checkpointError { () throws(CheckpointError) in try PyTorchFile(path: path) }
    if error != nil { expectUserMessage(error, path: path) }
    return error
  }

  private func read(_ pickle: [UInt8]) throws -> PyTorchFile {
    _ = try folder.write("hostile.pt", torchArchive(pickle))
    return try PyTorchFile(path: path)
  }

  static let depth = 100_000

  private static let lists: [PicklePiece] = [.repeated(depth, .emptyList), .repeated(depth - 1, .append)]

  @Test func deepTuplesAndLists() throws {
    let tuples = pickle([.proto(2), .emptyTuple, .repeated(Self.depth, .tuple1), .stop])
    #expect(try error(tuples) == .noStateDict(path: path, found: "a tuple of 1"))
    let lists = pickle([.proto(2)], Self.lists, [.stop])
    #expect(try error(lists) == .noStateDict(path: path, found: "a list"))
    let marked = pickle([.proto(2), .repeated(Self.depth, .mark), .repeated(Self.depth, .tuple), .stop])
    #expect(try error(marked) == .noStateDict(path: path, found: "a tuple of 1"))
  }

  /// Deep values beside a tensor do no harm.
  @Test func deepValuesBesideATensor() throws {
    let file = try read(pickledDictionary([.text("a"), .tensor(), .text("deep")], Self.lists))
    #expect(file.tensors.map(\.name) == ["a"])
    #expect(file.otherKeys == ["deep"])
  }

  @Test(arguments: ["model", "x"])
  func deepDictionaries(_ key: String) throws {
    let root = pickle([
      .proto(2), .text(key), .put(0), .pop, .repeated(Self.depth, .emptyDict, .get(0)), .none,
      .repeated(Self.depth, .setItem), .stop,
    ])
    #expect(try error(root) == .noStateDict(path: path, found: "a dictionary without tensors"))
  }

  /// Wrappers are looked into some levels deep, and no deeper.
  @Test func wrappersInWrappers() throws {
    func wrapped(_ depth: Int) -> [UInt8] {
      let inner = PicklePiece.dictionary([.text("a"), .tensor()])
      return pickle([
        .proto(2), .repeated(depth, .emptyDict, .text("model")), inner, .repeated(depth, .setItem), .stop,
      ])
    }
    #expect(try read(wrapped(8)).unwrappedKeys == Array(repeating: "model", count: 8))
    #expect(try error(wrapped(9)) == .noStateDict(path: path, found: "a dictionary without tensors"))
  }

  /// Each call would copy the whole list.
  @Test func listThatIsCopiedAgainAndAgain() throws {
    let list: [PicklePiece] = [
      .integers([1, 2]), .put(1), .emptyList, .mark, .repeated(100_000, .get(1)), .appends, .tuple1, .put(2),
    ]
    let calls = PicklePiece.repeated(5000, .global("collections", "OrderedDict"), .get(2), .reduce, .pop)
    let error = try error(pickle([.proto(2)], list, [calls, .emptyDict, .stop]))
    #expect(error?.pickleViolation == .refusedCall("collections.OrderedDict", arguments: "a list"))
  }

  /// Each tensor would look at all of the metadata.
  @Test func metadataThatIsSearchedAgainAndAgain() throws {
    let metadata = PicklePiece.dictionary([.repeated(800_000, .none, .no)])
    let error = try error(
      pickle([
        .proto(2), .rebuildTensor, .put(0), .tensorArguments(more: [metadata]), .put(1),
        .repeated(350_000, .get(0), .get(1), .reduce, .pop), .emptyDict, .stop,
      ]))
    #expect(error?.pickleViolation == .tensorField("metadata", expected: "at most 8 entries", found: "800000"))
  }

  /// As long a key as there can be, in as many storages as there can be. Other tests of the process may take memory meanwhile.
  @Test func storagesTakeLittleMemory() throws {
    let before = try peakMemory()
    let key = PicklePiece.text(String(repeating: "0", count: 64))
    let start: [PicklePiece] = [
      .proto(2), .tuple([.text("storage"), .global("torch", "FloatStorage"), key, .text("cpu"), .int(4)]), .put(0),
      .pop,
    ]
    let error = try error(pickle(start, [.repeated(1_300_000, .get(0), .persistentID), .emptyDict, .stop]))
    #expect(error == .noStateDict(path: path, found: "a dictionary without tensors"))
    #expect(try peakMemory() - before < 1 << 30)
  }

  /// Peak resident memory of this process, in bytes.
  private func peakMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) }) << 10
  }

  /// libzip reads the whole directory when it opens an archive, which must not be for each entry.
  @Test func manyDeflatedStorages() throws {
    let keys = 0..<10_000
    let items = keys.flatMap { [PicklePiece.text("t\($0)"), .tensor(.storage(key: .text("\($0)")))] }
    let storages = keys.map { (key: "\($0)", bytes: TorchArchive.floats) }
    let bytes = torchArchive(pickledDictionary(items), storages: storages) { builder in
      for index in builder.entries.indices.dropFirst(2) { builder.entries[index].deflate() }
    }
    let path = try folder.write("many.pt", bytes)
    let file = try PyTorchFile(path: path)
    #expect(file.tensors.count == keys.count)
    #expect(try file.tensors.last?.floats() == [1, 2, 3, 4])
  }

  // MARK: The same bytes again and again

  @Test func tensorsThatShowTheSameBytesAreLimited() throws {
    let huge = pickledDictionary([.text("a"), .tensor(shape: [1 << 40], strides: [0])])
    let size = torchArchive(huge).count
    #expect(
      try error(huge) == .repeatedBytes(path: path, tensor: "a", bytes: 1 << 42, limit: 8 * size))
    // Each tensor is within the limit, and all together are not.
    let each = PicklePiece.tensor(shape: [512], strides: [0])
    let many = pickledDictionary((0..<2000).flatMap { [PicklePiece.text("t\($0)"), each] })
    let error = try error(many)
    guard case .repeatedBytes(_, let tensor, let bytes, let limit) = error else {
      throw TestFailure("\(String(describing: error))")
    }
    #expect(limit == 8 * torchArchive(many).count)
    #expect(bytes > limit && bytes <= limit + 2048)
    #expect(tensor == "t\(bytes / 2048 - 1)")
  }

  @Test func sumsOfBytesDoNotOverflow() throws {
    let huge = pickledDictionary([.text("a"), .tensor(shape: [(1 << 58) - 1], strides: [0])])
    let limit = 8 * torchArchive(huge).count
    #expect(
      try error(huge) == .repeatedBytes(path: path, tensor: "a", bytes: (1 << 60) - 4, limit: limit))
  }
}

/// What a test ends with that found something else than it looked for.
struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
