/// What can be wrong with a pickle, or is not allowed in one.
public enum PickleViolation: Error, Equatable, Sendable {
  /// It ends before an argument or before STOP.
  case truncated
  /// It is longer than any state dict's.
  case tooLong(size: Int, limit: Int)
  /// A protocol that is not read.
  case proto(Int)
  /// No PROTO at its start.
  case noProtocol(found: UInt8)
  /// A byte that is no opcode.
  case unknownOpcode(UInt8)
  /// An opcode that state dicts are not written with.
  case refusedOpcode(String)
  /// A name that is not on the allow-list.
  case refusedGlobal(String)
  /// A call of something that nothing is to be called of, or with arguments that are not its own.
  case refusedCall(String, arguments: String)
  /// A state that something is given that takes none.
  case refusedState(of: String)
  /// An opcode that needs more than the stack holds.
  case stackUnderflow(String)
  /// An opcode that needs a mark where there is none.
  case noMark(String)
  /// A memo entry that was never put.
  case noMemo(Int)
  /// An opcode that needs something else on the stack.
  case operand(String, expected: String, found: String)
  /// A string that is not UTF-8.
  case notUTF8
  /// A persistent id that is not that of a storage.
  case persistentID(expected: String, found: String)
  /// A field of a tensor.
  case tensorField(String, expected: String, found: String)
  /// Bytes after STOP.
  case trailingBytes(Int)
}

extension PickleViolation {
  var message: String {
    switch self {
    case .truncated: "expected more bytes, found the end"
    case .tooLong(let size, let limit): "expected at most \(limit) bytes, found \(size)"
    case .proto(let found): "unsupported protocol \(found); supported: 2, 3, 4, 5"
    case .noProtocol(let found): "expected the opcode PROTO, found byte \(found)"
    case .unknownOpcode(let found): "expected an opcode, found byte \(found)"
    case .refusedOpcode(let name): "opcode \(name) is not allowed in a state dict"
    case .refusedGlobal(let name): "global \(name) is not allowed in a state dict"
    case .refusedCall(let name, let arguments): "a call of \(name) with \(arguments) is not allowed in a state dict"
    case .refusedState(let name): "a state for \(name) is not allowed in a state dict"
    case .stackUnderflow(let opcode): "\(opcode): expected more on the stack, found too little"
    case .noMark(let opcode): "\(opcode): expected a mark on the stack, found none"
    case .noMemo(let index): "expected a memo entry \(index), found none"
    case .operand(let opcode, let expected, let found): "\(opcode): expected \(expected), found \(found)"
    case .notUTF8: "expected a string in UTF-8, found other bytes"
    case .persistentID(let expected, let found): "persistent id: expected \(expected), found \(found)"
    case .tensorField(let field, let expected, let found): "tensor: \(field): expected \(expected), found \(found)"
    case .trailingBytes(let count): "expected the end after STOP, found \(count) more bytes"
    }
  }
}
