import Checkpoints

/// Pickles whose bytes are wrong, whatever they stand for.
extension BadPickleTests {
  static let truncated: [BadFile] = [
    BadFile("nothing", start: [], at: [], .truncated),
    BadFile("no protocol", start: [], at: [.emptyDict, .stop], .noProtocol(found: 0x7D)),
    BadFile("text of protocol 0", start: [], at: [.raw(Array("(dp0\n.".utf8))], .noProtocol(found: 0x28)),
    BadFile("PROTO without its number", start: [], at: [.raw(0x80)], .truncated),
    BadFile("no STOP", [.emptyDict], at: [], .truncated),
    BadFile("BININT of three bytes", at: [.raw(0x4A, 1, 2, 3)], .truncated),
    BadFile("BININT1 without a byte", at: [.raw(0x4B)], .truncated),
    BadFile("BININT2 of one byte", at: [.raw(0x4D, 1)], .truncated),
    BadFile("BINFLOAT of seven bytes", at: [.raw(0x47, 0, 0, 0, 0, 0, 0, 0)], .truncated),
    BadFile("LONG1 without a count", at: [.raw(0x8A)], .truncated),
    BadFile("LONG1 short of a digit", at: [.raw(0x8A, 3, 1, 2)], .truncated),
    BadFile("BINUNICODE short of a byte", at: [.raw(0x58, 3, 0, 0, 0, 0x61, 0x62)], .truncated),
    BadFile("BINUNICODE with half a count", at: [.raw(0x58, 3, 0)], .truncated),
    BadFile("SHORT_BINUNICODE short of a byte", at: [.raw(0x8C, 2, 0x61)], .truncated),
    BadFile("SHORT_BINBYTES short of a byte", at: [.raw(0x43, 2, 0x61)], .truncated),
    BadFile("SHORT_BINSTRING short of a byte", at: [.raw(0x55, 2, 0x61)], .truncated),
    BadFile("BINPUT without an index", [.none], at: [.raw(0x71)], .truncated),
    BadFile("LONG_BINGET of three bytes", at: [.raw(0x6A, 1, 0, 0)], .truncated),
    BadFile("GLOBAL without a line end", at: [.raw([0x63] + Array("torch".utf8))], .truncated),
    BadFile("GLOBAL with one line end", at: [.raw([0x63] + Array("torch\nSize".utf8))], .truncated),
    BadFile("FRAME of half a length", at: [.raw(0x95, 1, 0, 0, 0)], .truncated),
  ]

  static let badOpcodes: [BadFile] = wrongOpcodes + refusedOpcodes

  private static let wrongOpcodes: [BadFile] = [
    BadFile("protocol 0", start: [], at: [.proto(0), .emptyDict, .stop], .proto(0)),
    BadFile("protocol 1", start: [], at: [.proto(1), .emptyDict, .stop], .proto(1)),
    BadFile("protocol 6", start: [], at: [.proto(6), .emptyDict, .stop], .proto(6)),
    BadFile("protocol 255", start: [], at: [.proto(255), .emptyDict, .stop], .proto(255)),
    BadFile("protocol 6 later on", [.emptyDict], at: [.proto(6), .stop], .proto(6)),
    BadFile("opcode 0", at: [.raw(0), .stop], .unknownOpcode(0)),
    BadFile("opcode 153", at: [.raw(0x99), .stop], .unknownOpcode(0x99)),
    BadFile("opcode 255", at: [.raw(0xFF), .stop], .unknownOpcode(0xFF)),
    BadFile("a byte after STOP", [.emptyDict], at: [.stop, .raw(0)], .trailingBytes(1)),
    BadFile(
      "two pickles", [.emptyDict], at: [.stop, .raw(TorchArchive.pickle)], .trailingBytes(TorchArchive.pickle.count)),
  ]

  /// With a mark, a class and an argument on the stack, as the opcodes that make instances want them.
  private static func refused(_ name: String, _ bytes: [UInt8]) -> BadFile {
    let before: [PicklePiece] = [.mark, .global("torch", "Size"), .emptyTuple]
    return BadFile("opcode \(name)", before, at: [.raw(bytes), .stop], .refusedOpcode(name))
  }

  private static let refusedOpcodes: [BadFile] = [
    refused("FLOAT", Array("F1.5\n".utf8)),
    refused("INT", Array("I01\n".utf8)),
    refused("LONG", Array("L1L\n".utf8)),
    refused("STRING", Array("S'a'\n".utf8)),
    refused("UNICODE", Array("Va\n".utf8)),
    refused("PUT", Array("p0\n".utf8)),
    refused("GET", Array("g0\n".utf8)),
    refused("PERSID", Array("P0\n".utf8)),
    refused("INST", Array("ios\nsystem\n".utf8)),
    refused("OBJ", [0x6F]),
    refused("NEWOBJ", [0x81]),
    refused("NEWOBJ_EX", [0x92]),
    refused("EXT1", [0x82, 1]),
    refused("EXT2", [0x83, 1, 0]),
    refused("EXT4", [0x84, 1, 0, 0, 0]),
    refused("NEXT_BUFFER", [0x97]),
    refused("READONLY_BUFFER", [0x98]),
  ]

  static let badLengths: [BadFile] = [
    BadFile("FRAME beyond the end", at: [.frame(3), .emptyDict, .stop], .truncated),
    BadFile("FRAME of 2^64 - 1", at: [.frame(.max), .emptyDict, .stop], .truncated),
    BadFile("BINUNICODE of 2^32 - 1", at: [.raw(0x58, 255, 255, 255, 255), .stop], .truncated),
    BadFile("BINUNICODE8 of 2^63", at: [.raw([0x8D] + littleEndian(UInt64(1) << 63)), .stop], .truncated),
    BadFile("BINUNICODE8 of 2^64 - 1", at: [.raw([0x8D] + littleEndian(UInt64.max)), .stop], .truncated),
    BadFile("BINBYTES of 2^31", at: [.raw([0x42] + littleEndian(UInt32(1) << 31)), .stop], .truncated),
    BadFile("BINBYTES8 of 2^63 - 1", at: [.raw([0x8E] + littleEndian(Int.max)), .stop], .truncated),
    BadFile("BYTEARRAY8 of 2^64 - 1", at: [.raw([0x96] + littleEndian(UInt64.max)), .stop], .truncated),
    BadFile("LONG4 of 2^31 - 1", at: [.raw([0x8B] + littleEndian(Int32.max)), .stop], .truncated),
    BadFile(
      "LONG4 of -1", at: [.raw([0x8B] + littleEndian(Int32(-1))), .stop],
      .operand("LONG4", expected: "a count from 0", found: "-1")),
    BadFile(
      "BINSTRING of -2^31", at: [.raw([0x54] + littleEndian(Int32.min)), .stop],
      .operand("BINSTRING", expected: "a count from 0", found: "-2147483648")),
    BadFile(
      "longer than any state dict", start: [],
      at: [.proto(2), .raw(Array(repeating: 0x4E, count: 4 << 20)), .stop], .tooLong(size: 4 << 20 | 3, limit: 4 << 20)),
  ]
}
