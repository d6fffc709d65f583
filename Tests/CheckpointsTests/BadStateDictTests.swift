import Checkpoints
import ModelCore
import Testing

/// Pickles that run to their end, and stand for no state dict, or for one that the archive does not hold.
@Suite struct BadStateDictTests {
  @Test(arguments: badRoots + badKeys)
  func badDictionaryIsRefused(_ bad: BadFile) throws { try BadPickleTests.expectRefusal(bad) }

  @Test(arguments: badStorages + badViews)
  func badViewIsRefused(_ bad: BadFile) throws { try BadPickleTests.expectRefusal(bad) }

  static func tensors(_ key: String) -> [PicklePiece] { [.text(key), .dictionary([.text("a"), .tensor()])] }

  private static func root(_ name: String, _ pieces: [PicklePiece], found: String) -> BadFile {
    BadFile("root: \(name)", torchArchive(pickle([.proto(2)], pieces, [.stop]))) {
      .noStateDict(path: $0, found: found)
    }
  }

  private static let nothing = "a dictionary without tensors"

  static let badRoots: [BadFile] = [
    root("None", [.none], found: "None"),
    root("a tensor", [.tensor()], found: "a tensor"),
    root("a list of a tensor", [.emptyList, .tensor(), .append], found: "a list"),
    root("a tuple", [.tuple([.text("a"), .tensor()])], found: "a tuple of 2"),
    root("a string", [.text("weights")], found: "a string of 7 bytes"),
    root("a set", [.emptySet, .mark, .none, .addItems], found: "a plain value"),
    root("a number", [.int(-5)], found: "-5"),
    root("a global", [.global("torch", "bfloat16")], found: "torch.bfloat16"),
    root("an empty dictionary", [.emptyDict], found: nothing),
    root("an empty OrderedDict", [.orderedDict], found: nothing),
    root("numbers by name", [.dictionary([.text("a"), .int(1)])], found: nothing),
    root("tensors by number", [.dictionary([.int(1), .tensor()])], found: nothing),
    root("tensors by tensor", [.dictionary([.tensor(), .tensor()])], found: nothing),
    root("an unknown wrapper", [.dictionary(tensors("ema"))], found: nothing),
    root("a storage by name", [.dictionary([.text("a"), .storage()])], found: nothing),
    root("a model without tensors", [.dictionary([.text("model"), .emptyDict])], found: nothing),
    root("a list for a model", [.dictionary([.text("model"), .emptyList])], found: nothing),
    root("a list in itself", [.emptyList, .put(0), .get(0), .append], found: "a list"),
    root("a dictionary in itself", [.emptyDict, .put(0), .text("a"), .get(0), .setItem], found: nothing),
    root("a model that is itself", [.emptyDict, .put(0), .text("model"), .get(0), .setItem], found: nothing),
  ]

  private static func keys(
    _ name: String, _ items: [PicklePiece], _ error: @escaping @Sendable (String) -> CheckpointError
  ) -> BadFile {
    BadFile("keys: \(name)", torchArchive(pickledDictionary(items)), error)
  }

  /// What is wrong with a key, which is told when the pickle has stopped.
  private static func key(_ bytes: [UInt8], _ name: String, _ violation: PickleViolation) -> BadFile {
    let items: [PicklePiece] = [.text("a"), .tensor(), .text(bytes), .none]
    return keys(name, items) { .pickle(path: $0, position: pickledDictionary(items).count - 1, violation) }
  }

  private static func again(_ key: String, _ name: String, _ items: [PicklePiece]) -> BadFile {
    let violation = PickleViolation.operand("dictionary", expected: "each key once", found: "\"\(key)\" again")
    return keys(name, items) { .pickle(path: $0, position: pickledDictionary(items).count - 1, violation) }
  }

  static let badKeys: [BadFile] = [
    key([0x61, 0xFF], "not UTF-8", .notUTF8),
    key([0xED, 0xA0, 0x80], "half of a surrogate pair", .notUTF8),
    key(
      Array(repeating: 0x61, count: 1025), "1025 bytes",
      .operand("key", expected: "a string of at most 1024 bytes", found: "a string of 1025 bytes")),
    keys("model and state_dict", tensors("model") + tensors("state_dict")) {
      .ambiguousStateDict(path: $0, keys: ["model", "state_dict"])
    },
    keys("module and model_state_dict", tensors("module") + tensors("model_state_dict")) {
      .ambiguousStateDict(path: $0, keys: ["module", "model_state_dict"])
    },
    again("a", "two tensors of one name", [.text("a"), .tensor(), .text("a"), .tensor()]),
    // In Python the last one counts: there is no such tensor.
    again("a", "a tensor, then None", [.text("a"), .tensor(), .text("b"), .tensor(), .text("a"), .none]),
    again("model", "a model twice", tensors("model") + tensors("model")),
    again("model", "a model, then a name for it", tensors("model") + [.text("model"), .text("small")]),
  ]

  private static func storage(
    _ name: String, _ storage: PicklePiece, entries: [(key: String, bytes: [UInt8])] = [("0", TorchArchive.floats)],
    _ error: @escaping @Sendable (String) -> CheckpointError
  ) -> BadFile {
    BadFile(
      "storage: \(name)", torchArchive(pickledDictionary([.text("a"), .tensor(storage)]), storages: entries), error)
  }

  private static func wrongSize(
    _ elements: Int, size: Int = 4, tensor: String = "a"
  ) -> @Sendable (String) -> CheckpointError {
    {
      .storageSize(
        path: $0, tensor: tensor, entry: "archive/data/0", elements: elements, elementSize: size, found: 16)
    }
  }

  static let badStorages: [BadFile] = wrongSizes + wrongKeys

  private static let wrongSizes: [BadFile] = [
    storage("one element too many", .storage(count: .int(5)), wrongSize(5)),
    storage("one element too few", .storage(count: .int(3)), wrongSize(3)),
    storage("no elements", .storage(count: .int(0)), wrongSize(0)),
    storage("wider elements", .storage("DoubleStorage"), wrongSize(4, size: 8)),
    storage("narrower elements", .storage("HalfStorage"), wrongSize(4, size: 2)),
    storage("2^63 - 1 elements", .storage(count: .int(.max)), wrongSize(.max)),
    // 4 · (2^62 + 4) is 16 where products wrap around.
    storage("a product that wraps around", .storage(count: .int(1 << 62 | 4)), wrongSize(1 << 62 | 4)),
    BadFile(
      "storage: untyped, by elements",
      torchArchive(
        pickledDictionary([
          .text("a"), .rebuildTensor3,
          .tensorArguments(.storage("UntypedStorage"), more: [.global("torch", "float32")]), .reduce,
        ])), wrongSize(4, size: 1)),
    BadFile(
      "storage: of two types",
      torchArchive(
        pickledDictionary([
          .text("a"), .tensor(), .text("b"), .tensor(.storage("IntStorage")), .text("c"),
          .tensor(.storage("HalfStorage")),
        ])), wrongSize(4, size: 2, tensor: "c")),
    BadFile(
      "storage: of two counts",
      torchArchive(
        pickledDictionary([.text("a"), .tensor(), .text("b"), .tensor(.storage(count: .int(8)))])),
      wrongSize(8, tensor: "b")),
  ]

  private static func key(_ key: String) -> BadFile {
    storage("key \"\(key)\"", .storage(key: .text(key))) { .noStorage(path: $0, tensor: "a", storage: key) }
  }

  private static let wrongKeys: [BadFile] = [
    key("1"), key(""), key("00"), key("0/"), key("../data.pkl"), key("../data/0"), key("/archive/data/0"), key("0\0"),
    key("0\n"), key("00 "), key("\u{FF10}"),
    // Equal to Swift's `==`, and not the same name.
    storage("key with another accent", .storage(key: .text("e\u{301}")), entries: [("\u{E9}", TorchArchive.floats)]) {
      .noStorage(path: $0, tensor: "a", storage: "e\u{301}")
    },
    // Nor do they have the same bytes where both are there.
    twins,
  ]

  /// The second of two storages whose keys Swift's `==` takes for one is that of its own entry.
  private static let twins = BadFile(
    "storage: keys that are equal to ==",
    torchArchive(
      pickledDictionary([
        .text("a"), .tensor(.storage(key: .text("\u{E9}"))), .text("b"), .tensor(.storage(key: .text("e\u{301}"))),
      ]), storages: [("\u{E9}", TorchArchive.floats), ("e\u{301}", [0, 0, 0, 0])])
  ) {
    .storageSize(path: $0, tensor: "b", entry: "archive/data/e\u{301}", elements: 4, elementSize: 4, found: 4)
  }

  private static func view(
    _ name: String, offset: Int = 0, shape: [Int], strides: [Int],
    _ error: (@Sendable (String) -> CheckpointError)? = nil
  ) -> BadFile {
    let tensor = PicklePiece.tensor(offset: offset, shape: shape, strides: strides)
    return BadFile("view: \(name)", torchArchive(pickledDictionary([.text("a"), tensor]))) {
      error?($0)
        ?? .beyondStorage(
          path: $0, tensor: "a", storage: "0", shape: shape, strides: strides, offset: offset, available: 4)
    }
  }

  private static func tooLarge(_ shape: [Int]) -> @Sendable (String) -> CheckpointError {
    { .shapeTooLarge(path: $0, tensor: "a", shape: shape, elementType: "F32") }
  }

  static let badViews: [BadFile] = [
    view("one element too many", shape: [5], strides: [1]),
    view("one element too far", offset: 1, shape: [4], strides: [1]),
    view("a scalar behind the end", offset: 4, shape: [], strides: []),
    view("a row too many", shape: [3, 2], strides: [2, 1]),
    view("strides too long", shape: [2, 2], strides: [3, 1]),
    view("stride of 2^62", shape: [2], strides: [1 << 62]),
    view("stride of 2^62, thrice", shape: [4], strides: [1 << 62]),
    view("strides whose sum overflows", shape: [2, 2], strides: [.max, .max]),
    view("offset of 2^62", offset: 1 << 62, shape: [1], strides: [1]),
    view("offset and stride that sum to a small number", offset: 2, shape: [2], strides: [.max]),
    view("as many elements as can be counted", shape: [(1 << 58) - 1], strides: [1]),
    view("2^63 elements", shape: [1 << 32, 1 << 31], strides: [0, 0], tooLarge([1 << 32, 1 << 31])),
    view("2^64 elements", shape: [1 << 32, 1 << 32], strides: [0, 0], tooLarge([1 << 32, 1 << 32])),
    view("2^63 bits", shape: [1 << 58], strides: [0], tooLarge([1 << 58])),
    view(
      "eight dimensions of 2^16", shape: Array(repeating: 1 << 16, count: 8), strides: Array(repeating: 0, count: 8),
      tooLarge(Array(repeating: 1 << 16, count: 8))),
    view("an overflow beside a zero", shape: [.max, .max, 0], strides: [0, 0, 0], tooLarge([.max, .max, 0])),
  ]
}
