import Checkpoints

/// Opcodes that find something else than they need on the stack, or nothing.
extension BadPickleTests {
  static let badStacks: [BadFile] = underflows + pastMarks + withoutMarks + badMemos

  private static func underflow(_ opcode: String, _ before: [PicklePiece], _ failing: PicklePiece) -> BadFile {
    BadFile("\(opcode) on a stack of \(before.count)", before, at: [failing, .stop], .stackUnderflow(opcode))
  }

  private static let underflows: [BadFile] = [
    underflow("STOP", [], .stop), underflow("POP", [], .pop), underflow("DUP", [], .dup),
    underflow("BINPUT", [], .put(0)), underflow("LONG_BINPUT", [], .longPut(0)), underflow("MEMOIZE", [], .memoize),
    underflow("TUPLE1", [], .tuple1), underflow("TUPLE2", [.none], .tuple2),
    underflow("TUPLE3", [.none, .none], .tuple3), underflow("APPEND", [], .append),
    underflow("APPEND", [.none], .append), underflow("SETITEM", [], .setItem),
    underflow("SETITEM", [.emptyDict, .none], .setItem), underflow("REDUCE", [], .reduce),
    underflow("REDUCE", [.emptyTuple], .reduce), underflow("BUILD", [], .build),
    underflow("BUILD", [.emptyDict], .build), underflow("BINPERSID", [], .persistentID),
    underflow("STACK_GLOBAL", [], .stackGlobal), underflow("STACK_GLOBAL", [.text("Size")], .stackGlobal),
    underflow("APPENDS", [.mark], .appends), underflow("SETITEMS", [.mark], .setItems),
    underflow("ADDITEMS", [.mark], .addItems),
  ]

  private static func past(_ opcode: String, _ before: [PicklePiece], _ failing: PicklePiece) -> BadFile {
    BadFile("\(opcode) past a mark", before, at: [failing, .stop], .stackUnderflow(opcode))
  }

  private static let pastMarks: [BadFile] = [
    past("POP", [.none, .mark, .pop, .pop], .pop), past("DUP", [.none, .mark], .dup),
    past("TUPLE1", [.none, .mark], .tuple1), past("TUPLE2", [.none, .mark, .none], .tuple2),
    past("APPEND", [.emptyList, .mark, .none], .append),
    past("REDUCE", [.global("torch", "Size"), .mark, .emptyTuple], .reduce), past("BINPUT", [.none, .mark], .put(1)),
    past("BUILD", [.emptyDict, .mark, .emptyDict], .build), past("STOP", [.emptyDict, .mark], .stop),
  ]

  private static func unmarked(_ opcode: String, _ failing: PicklePiece) -> BadFile {
    BadFile("\(opcode) without a mark", [.emptyDict, .none], at: [failing, .stop], .noMark(opcode))
  }

  private static let withoutMarks: [BadFile] = [
    unmarked("TUPLE", .tuple), unmarked("LIST", .list), unmarked("DICT", .dict), unmarked("APPENDS", .appends),
    unmarked("SETITEMS", .setItems), unmarked("POP_MARK", .popMark), unmarked("ADDITEMS", .addItems),
    unmarked("FROZENSET", .frozenSet),
    BadFile("a mark used twice", [.mark, .tuple], at: [.tuple, .stop], .noMark("TUPLE")),
  ]

  private static let badMemos: [BadFile] = [
    BadFile("BINGET of nothing", [.none, .put(1)], at: [.get(0), .stop], .noMemo(0)),
    BadFile(
      "LONG_BINGET of 2^32 - 1", [.none, .longPut(.max - 1)], at: [.longGet(.max), .stop], .noMemo(4_294_967_295)),
    BadFile("MEMOIZE counts from 0", [.none, .memoize, .get(0)], at: [.get(1), .stop], .noMemo(1)),
  ]

  static let badOperands: [BadFile] = [
    BadFile(
      "SETITEMS of three", [.emptyDict, .mark, .none, .none, .none], at: [.setItems, .stop],
      .operand("SETITEMS", expected: "keys with a value each", found: "3 items")),
    BadFile(
      "DICT of one", [.mark, .none], at: [.dict, .stop],
      .operand("DICT", expected: "keys with a value each", found: "1 items")),
    BadFile(
      "SETITEM of a list", [.emptyList, .none, .none], at: [.setItem, .stop],
      .operand("SETITEM", expected: "a dictionary", found: "a list")),
    BadFile(
      "SETITEMS of a tensor", [.tensor(), .mark, .none, .none], at: [.setItems, .stop],
      .operand("SETITEMS", expected: "a dictionary", found: "a tensor")),
    BadFile(
      "APPEND to a dictionary", [.emptyDict, .none], at: [.append, .stop],
      .operand("APPEND", expected: "a list", found: "a dictionary")),
    BadFile(
      "APPENDS to a tuple", [.emptyTuple, .mark, .none], at: [.appends, .stop],
      .operand("APPENDS", expected: "a list", found: "a tuple of 0")),
    BadFile(
      "ADDITEMS to a list", [.emptyList, .mark, .none], at: [.addItems, .stop],
      .operand("ADDITEMS", expected: "a set", found: "a list")),
    BadFile(
      "STACK_GLOBAL of a number", [.text("torch"), .int(1)], at: [.stackGlobal, .stop],
      .operand("STACK_GLOBAL", expected: "a string of at most 1024 bytes", found: "1")),
    BadFile(
      "STACK_GLOBAL of a long string", [.text(String(repeating: "a", count: 1025)), .text("Size")],
      at: [.stackGlobal, .stop],
      .operand("STACK_GLOBAL", expected: "a string of at most 1024 bytes", found: "a string of 1025 bytes")),
    BadFile("STACK_GLOBAL not in UTF-8", [.text([0xFF]), .text("Size")], at: [.stackGlobal, .stop], .notUTF8),
    BadFile("GLOBAL not in UTF-8", at: [.raw([0x63] + [0xC0, 0xAF, 0x0A, 0x61, 0x0A]), .stop], .notUTF8),
  ]
}
