import Checkpoints

/// Storages and tensors that are no such things, before anything is asked of the archive.
extension BadPickleTests {
  private static func id(_ name: String, _ id: PicklePiece, _ violation: PickleViolation) -> BadFile {
    BadFile("persistent id: \(name)", [id], at: [.persistentID, .stop], violation)
  }

  private static func id(
    _ tag: PicklePiece = .text("storage"), _ type: PicklePiece = .global("torch", "FloatStorage"),
    key: PicklePiece = .text("0"), count: PicklePiece = .int(4)
  ) -> PicklePiece {
    .tuple([tag, type, key, .text("cpu"), count])
  }

  private static let string = "a string of at most 1024 bytes"
  private static let keyString = "a string of at most 64 bytes"

  static let badStorages: [BadFile] = [
    id("a string", .text("0"), .persistentID(expected: "a tuple of 5", found: "a string of 1 bytes")),
    id("None", .none, .persistentID(expected: "a tuple of 5", found: "None")),
    id(
      "a tuple of 4", .tuple([.text("storage"), .global("torch", "FloatStorage"), .text("0"), .text("cpu")]),
      .persistentID(expected: "a tuple of 5", found: "a tuple of 4")),
    // Of a view, in archives before PyTorch 0.4.
    id(
      "a tuple of 6", .tuple([.text("storage"), .global("torch", "FloatStorage"), .text("0"), .none, .int(4), .none]),
      .persistentID(expected: "a tuple of 5", found: "a tuple of 6")),
    id("tag module", id(.text("module")), .persistentID(expected: "\"storage\"", found: "\"module\"")),
    id("tag in capitals", id(.text("Storage")), .persistentID(expected: "\"storage\"", found: "\"Storage\"")),
    id(
      "long tag", id(.text(String(repeating: "x", count: 1024))),
      .persistentID(expected: "\"storage\"", found: "\"\(String(repeating: "x", count: 60))\"")),
    id("tag is a number", id(.int(7)), .operand("persistent id", expected: string, found: "7")),
    id(
      "a dtype for the class", id(.text("storage"), .global("torch", "float32")),
      .persistentID(expected: "a class of storages", found: "torch.float32")),
    id(
      "a string for the class", id(.text("storage"), .text("FloatStorage")),
      .persistentID(expected: "a class of storages", found: "a string of 12 bytes")),
    id("key is a number", id(key: .int(0)), .operand("persistent id", expected: keyString, found: "0")),
    id("key is not UTF-8", id(key: .text([0x80])), .notUTF8),
    id(
      "key of 65 bytes", id(key: .text(String(repeating: "0", count: 65))),
      .operand("persistent id", expected: keyString, found: "a string of 65 bytes")),
    id("negative count", id(count: .int(-1)), .persistentID(expected: "a number of elements", found: "-1")),
    id(
      "count of -2^63", id(count: .int(.min)),
      .persistentID(expected: "a number of elements", found: "-9223372036854775808")),
    id("no count", id(count: .none), .persistentID(expected: "a number of elements", found: "None")),
    id(
      "count beyond 64 bits", id(count: .long([0, 0, 0, 0, 0, 0, 0, 0, 1])),
      .persistentID(expected: "a number of elements", found: "a plain value")),
    id("count is true", id(count: .yes), .persistentID(expected: "a number of elements", found: "a boolean")),
  ]

  private static func tensor(
    _ name: String, _ arguments: PicklePiece, _ violation: PickleViolation
  ) -> BadFile {
    BadFile("tensor: \(name)", [.rebuildTensor, arguments], at: [.reduce, .stop], violation)
  }

  private static func metadata(_ items: [PicklePiece]) -> PicklePiece { .tensorArguments(more: [.dictionary(items)]) }

  private static let whole = "a whole number from 0"
  private static let manyDimensions = PicklePiece.integers(Array(repeating: 1, count: 9))

  static let badTensors: [BadFile] = [
    tensor(
      "a name for the storage", .tensorArguments(.text("0")),
      .tensorField("storage", expected: "a storage", found: "a string of 1 bytes")),
    tensor(
      "a tensor for the storage", .tensorArguments(.tensor()),
      .tensorField("storage", expected: "a storage", found: "a tensor")),
    tensor(
      "untyped storage", .tensorArguments(.storage("UntypedStorage", count: .int(16))),
      .tensorField("storage", expected: "a typed storage", found: "an untyped one")),
    tensor(
      "negative offset", .tensorArguments(offset: .int(-1)), .tensorField("offset", expected: whole, found: "-1")),
    tensor("no offset", .tensorArguments(offset: .none), .tensorField("offset", expected: whole, found: "None")),
    tensor(
      "offset beyond 64 bits", .tensorArguments(offset: .long([0, 0, 0, 0, 0, 0, 0, 0, 1])),
      .tensorField("offset", expected: whole, found: "a plain value")),
    tensor(
      "a list for the size", .tensorArguments(shape: .emptyList),
      .tensorField("size", expected: "a tuple of at most 8", found: "a list")),
    tensor(
      "negative size", .tensorArguments(shape: .integers([-4])),
      .tensorField("size", expected: "whole numbers from 0", found: "-4")),
    tensor(
      "a float in the size", .tensorArguments(shape: .tuple([.float])),
      .tensorField("size", expected: "whole numbers from 0", found: "a plain value")),
    tensor(
      "nine dimensions", .tensorArguments(shape: manyDimensions, strides: manyDimensions),
      .tensorField("size", expected: "a tuple of at most 8", found: "a tuple of 9")),
    tensor(
      "negative stride", .tensorArguments(offset: .int(3), strides: .integers([-1])),
      .tensorField("stride", expected: "whole numbers from 0", found: "-1")),
    tensor(
      "no stride", .tensorArguments(strides: .none),
      .tensorField("stride", expected: "a tuple of at most 8", found: "None")),
    tensor(
      "a stride too few", .tensorArguments(shape: .integers([2, 2])),
      .tensorField("stride", expected: "2 numbers", found: "1")),
    tensor(
      "a stride too many", .tensorArguments(strides: .integers([1, 1])),
      .tensorField("stride", expected: "1 numbers", found: "2")),
    tensor(
      "conjugated", metadata([.text("conj"), .yes]), .tensorField("metadata", expected: "none", found: "\"conj\"")),
    tensor(
      "negated", metadata([.text("conj"), .no, .text("neg"), .yes]),
      .tensorField("metadata", expected: "none", found: "\"neg\"")),
    tensor(
      "unknown metadata", metadata([.text("scale"), .float]),
      .tensorField("metadata", expected: "none", found: "\"scale\"")),
    tensor(
      "metadata by number", metadata([.int(1), .yes]), .operand("tensor metadata", expected: string, found: "1")),
    tensor(
      "nine entries of metadata", metadata(Array(repeating: PicklePiece.all([.text("neg"), .no]), count: 9)),
      .tensorField("metadata", expected: "at most 8 entries", found: "9")),
    tensor(
      "a list of metadata", .tensorArguments(more: [.emptyList]),
      .tensorField("metadata", expected: "none", found: "a list")),
  ]
}
