/// A name that a pickle may import: the allow-list. Nothing is ever imported or called; each stands for a rule of the
/// ``PickleMachine``.
enum PickleGlobal: Equatable, Sendable {
  case orderedDict
  case rebuildTensorV2
  case rebuildTensorV3
  case rebuildParameter
  case size
  /// A type whose values are plain and say nothing about weights: sets, byte arrays, complex numbers.
  case plain(PlainType)
  /// A class of typed storages.
  case storage(TorchName)
  case untypedStorage
  /// A `torch.dtype`.
  case type(TorchName)

  enum PlainType: String, Equatable, Sendable {
    case set, frozenset, bytearray, complex
    /// How bytes are written in protocol 2.
    case encode
  }

  /// An element type under one of its names in PyTorch, kept short: a stack of these is what a hostile pickle builds.
  struct TorchName: Equatable, Sendable {
    fileprivate let index: UInt8
  }

  /// `nil` for everything that is not allowed.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .untypedStorage
    case ("torch", _):
      guard let index = Self.torchNames.firstIndex(of: name), let short = UInt8(exactly: index) else { return nil }
      self = name.hasSuffix("Storage") ? .storage(TorchName(index: short)) : .type(TorchName(index: short))
    case ("builtins", _), ("__builtin__", _):
      guard let type = PlainType(rawValue: name), type != .encode else { return nil }
      self = .plain(type)
    case ("_codecs", "encode"): self = .plain(.encode)
    default: return nil
    }
  }

  /// The element type that it stands for, where it does.
  var elementType: StoredType? {
    switch self {
    case .storage(let name): StoredType(torchStorage: Self.torchNames[Int(name.index)])
    case .type(let name): StoredType(torch: Self.torchNames[Int(name.index)])
    default: nil
    }
  }

  /// As Python spells it.
  var name: String {
    switch self {
    case .orderedDict: "collections.OrderedDict"
    case .rebuildTensorV2: "torch._utils._rebuild_tensor_v2"
    case .rebuildTensorV3: "torch._utils._rebuild_tensor_v3"
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .size: "torch.Size"
    case .plain(.encode): "_codecs.encode"
    case .plain(let type): "builtins.\(type.rawValue)"
    case .untypedStorage: "torch.storage.UntypedStorage"
    case .storage(let name), .type(let name): "torch.\(Self.torchNames[Int(name.index)])"
    }
  }

  private static let torchNames = StoredType.torchNames
}
