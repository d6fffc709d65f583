import Checkpoints

/// What a pickle asks to import, to call and to change.
extension BadPickleTests {
  private static let names: [(module: String, name: String)] = [
    // What runs something, on its own or with another's help.
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"), ("builtins", "eval"),
    ("builtins", "exec"), ("__builtin__", "eval"), ("builtins", "__import__"), ("builtins", "getattr"),
    ("builtins", "apply"), ("runpy", "_run_code"), ("operator", "attrgetter"), ("functools", "partial"),
    ("copyreg", "_reconstructor"), ("importlib", "import_module"), ("pickle", "loads"), ("webbrowser", "open"),
    // What reads files, or pickles inside pickles.
    ("torch", "load"), ("torch.serialization", "load"), ("torch.storage", "_load_from_bytes"), ("torch.hub", "load"),
    ("torch.jit", "load"), ("numpy.core.multiarray", "_reconstruct"), ("numpy", "load"), ("builtins", "open"),
    // Names that only look like those that are allowed.
    ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_qtensor"), ("torch", "QInt8Storage"),
    ("torch", "Tensor"), ("torch", "size"), ("Torch", "Size"), ("torch.nn", "Size"), ("", "Size"), ("torch", ""),
    ("collections", "orderedDict"), ("builtins", "encode"), ("_codecs", "decode"), ("builtins", "dict"),
    // Dots in a name lead on from what is allowed.
    ("collections", "OrderedDict.fromkeys"), ("torch._utils", "_rebuild_tensor_v2.__globals__"),
    ("torch", "FloatStorage.from_file"), ("torch", "storage.FloatStorage"), ("torch\0", "Size"), ("torch", " Size"),
  ]

  /// Imported by either opcode, and called: it is the name that is refused.
  static let badGlobals: [BadFile] = names.flatMap(imported) + otherGlobals

  private static func imported(_ module: String, _ name: String) -> [BadFile] {
    let violation = PickleViolation.refusedGlobal("\(module).\(name)")
    let call: [PicklePiece] = [.tuple([.text("true")]), .reduce, .stop]
    let texts: [PicklePiece] = [.proto(4), .text(module), .text(name)]
    return [
      BadFile("GLOBAL \(module) \(name)", at: [.global(module, name)] + call, violation),
      BadFile("STACK_GLOBAL \(module) \(name)", start: texts, at: [.stackGlobal] + call, violation),
    ]
  }

  private static let otherGlobals: [BadFile] = [
    BadFile(
      "a gadget as a key's value", [.emptyDict, .text("a"), .tensor(), .setItem, .text("b")],
      at: [.global("os", "system"), .text("true"), .tuple1, .reduce, .setItem, .stop], .refusedGlobal("os.system")),
    BadFile(
      "a name of 300 bytes", at: [.global(String(repeating: "m", count: 300), "n"), .stop],
      .refusedGlobal(String(repeating: "m", count: 100) + ".n")),
    BadFile(
      "a name of several lines", start: [.proto(4), .text("os\nsystem"), .text("x\r\ny\u{2028}")],
      at: [.stackGlobal, .stop], .refusedGlobal("os\nsystem.x\r\ny\u{2028}")),
    BadFile("a name with an escape", at: [.global("os\u{1B}[2J", "n"), .stop], .refusedGlobal("os\u{1B}[2J.n")),
  ]

  private static func call(
    _ name: String, _ function: PicklePiece, _ arguments: PicklePiece, _ violation: PickleViolation
  ) -> BadFile {
    BadFile("call of \(name)", [function, arguments], at: [.reduce, .stop], violation)
  }

  static let badCalls: [BadFile] = [
    call("a dtype", .global("torch", "float32"), .emptyTuple, .refusedCall("torch.float32", arguments: "a tuple of 0")),
    call(
      "a class of storages", .global("torch", "FloatStorage"), .integers([1 << 40]),
      .refusedCall("torch.FloatStorage", arguments: "a tuple of 1")),
    call(
      "UntypedStorage", .global("torch", "UntypedStorage"), .integers([1 << 40]),
      .refusedCall("torch.storage.UntypedStorage", arguments: "a tuple of 1")),
    call("a tuple", .emptyTuple, .emptyTuple, .refusedCall("a tuple of 0", arguments: "a tuple of 0")),
    call("a string", .text("os.system"), .emptyTuple, .refusedCall("a string of 9 bytes", arguments: "a tuple of 0")),
    call("a storage", .storage(), .emptyTuple, .refusedCall("a storage", arguments: "a tuple of 0")),
    call("a tensor", .tensor(), .emptyTuple, .refusedCall("a tensor", arguments: "a tuple of 0")),
    call("a dictionary", .emptyDict, .emptyTuple, .refusedCall("a dictionary", arguments: "a tuple of 0")),
    call("set with no tuple", .global("builtins", "set"), .none, .refusedCall("builtins.set", arguments: "None")),
    call(
      "OrderedDict of a number", .global("collections", "OrderedDict"), .integers([1]),
      .refusedCall("collections.OrderedDict", arguments: "1")),
    call(
      "OrderedDict of two lists", .global("collections", "OrderedDict"), .tuple([.emptyList, .emptyList]),
      .refusedCall("collections.OrderedDict", arguments: "a list")),
    call(
      "OrderedDict of numbers", .global("collections", "OrderedDict"),
      .tuple([.emptyList, .int(1), .append]), .refusedCall("collections.OrderedDict", arguments: "1")),
    call(
      "OrderedDict of triples", .global("collections", "OrderedDict"),
      .tuple([.emptyList, .integers([1, 2, 3]), .append]),
      .refusedCall("collections.OrderedDict", arguments: "a tuple of 3")),
    call(
      "Size of nothing", .global("torch", "Size"), .emptyTuple, .refusedCall("torch.Size", arguments: "a tuple of 0")),
    call(
      "Size of a list", .global("torch", "Size"), .tuple([.emptyList]),
      .refusedCall("torch.Size", arguments: "a tuple of 1")),
    call(
      "_rebuild_tensor_v2 of five", .rebuildTensor, .tuple(Array(repeating: .none, count: 5)),
      .refusedCall("torch._utils._rebuild_tensor_v2", arguments: "a tuple of 5")),
    call(
      "_rebuild_tensor_v2 of nine", .rebuildTensor, .tuple(Array(repeating: .none, count: 9)),
      .refusedCall("torch._utils._rebuild_tensor_v2", arguments: "a tuple of 9")),
    call(
      "_rebuild_tensor_v2 of a list", .rebuildTensor, .emptyList,
      .refusedCall("torch._utils._rebuild_tensor_v2", arguments: "a list")),
    call(
      "_rebuild_tensor_v3 without a dtype", .rebuildTensor3, .tensorArguments(.storage("UntypedStorage")),
      .refusedCall("torch._utils._rebuild_tensor_v3", arguments: "a tuple of 6")),
    call(
      "_rebuild_tensor_v3 of a class of storages", .rebuildTensor3,
      .tensorArguments(.storage("UntypedStorage"), more: [.global("torch", "FloatStorage")]),
      .refusedCall("torch._utils._rebuild_tensor_v3", arguments: "a tuple of 7")),
    call(
      "_rebuild_tensor_v3 of a dtype's name", .rebuildTensor3,
      .tensorArguments(.storage("UntypedStorage"), more: [.text("float32")]),
      .refusedCall("torch._utils._rebuild_tensor_v3", arguments: "a tuple of 7")),
    call(
      "_rebuild_parameter of a storage", .global("torch._utils", "_rebuild_parameter"),
      .tuple([.storage(), .no, .orderedDict]),
      .refusedCall("torch._utils._rebuild_parameter", arguments: "a tuple of 3")),
    call(
      "_rebuild_parameter of one", .global("torch._utils", "_rebuild_parameter"), .tuple([.tensor()]),
      .refusedCall("torch._utils._rebuild_parameter", arguments: "a tuple of 1")),
  ]

  private static func state(_ kind: String, _ value: PicklePiece, _ state: PicklePiece) -> BadFile {
    BadFile("state for \(kind)", [value, state], at: [.build, .stop], .refusedState(of: kind))
  }

  static let badStates: [BadFile] = [
    state("a tensor", .tensor(), .emptyDict), state("a list", .emptyList, .emptyDict),
    state("a storage", .storage(), .emptyDict), state("None", .none, .none),
    state("torch.Size", .global("torch", "Size"), .emptyDict), state("a dictionary", .emptyDict, .emptyList),
    state("a dictionary", .orderedDict, .tuple([.none, .emptyDict])), state("a plain value", .emptySet, .emptyDict),
  ]
}
