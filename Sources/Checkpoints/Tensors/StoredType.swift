import ModelCore

/// An element type that a container can hold, whether or not anything here computes with it. Named as safetensors spells
/// it, whatever the container, so that twins in two containers have one content digest.
struct StoredType: Sendable, Equatable {
  /// As safetensors spells it; types that only PyTorch has are spelled in its manner.
  let name: String
  /// Bits of one element; 4 and 6 are packed.
  let bitCount: Int

  private init(name: String, bitCount: Int) {
    self.name = name
    self.bitCount = bitCount
  }

  /// `nil` for a name that safetensors does not have (`Dtype` in the format's `tensor.rs`).
  init?(name: String) {
    guard let bitCount = Self.bitCounts[name] else { return nil }
    self.init(name: name, bitCount: bitCount)
  }

  /// The type that PyTorch calls `torch.<name>`, `nil` for one without a storage of its own.
  init?(torch name: String) {
    guard let (name, bitCount) = Self.torchTypes[name] else { return nil }
    self.init(name: name, bitCount: bitCount)
  }

  /// The type of a `torch.<name>Storage` class, `nil` for one that is not known.
  init?(torchStorage name: String) {
    guard let type = Self.torchStorages[name] else { return nil }
    self.init(torch: type)
  }

  /// Every name under which PyTorch's pickles speak of an element type.
  static let torchNames = torchTypes.keys.sorted() + torchStorages.keys.sorted()

  /// The type as one that can be read as floats, `nil` for one that cannot.
  var dtype: DType? { DType(rawValue: name) }

  /// Bytes of one element, 0 for packed ones.
  var byteCount: Int { bitCount / 8 }

  /// Bytes that change their order with the machine's: those of an element, or of one half of a complex one.
  var swapUnit: Int { name.hasPrefix("C") ? byteCount / 2 : byteCount }

  /// Bytes of `elementCount` elements, `nil` where they overflow or do not end at a byte.
  func byteCount(_ elementCount: Int) -> Int? {
    guard let bits = elementCount.checkedMultiplying(by: bitCount), bits % 8 == 0 else { return nil }
    return bits / 8
  }

  private static let bitCounts = [
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
  ]

  /// `torch.dtype`s (`torch/csrc/utils/tensor_dtypes.cpp`).
  private static let torchTypes: [String: (String, Int)] = [
    "bool": ("BOOL", 8), "uint8": ("U8", 8), "int8": ("I8", 8), "uint16": ("U16", 16), "int16": ("I16", 16),
    "uint32": ("U32", 32), "int32": ("I32", 32), "uint64": ("U64", 64), "int64": ("I64", 64),
    "float8_e4m3fn": ("F8_E4M3", 8), "float8_e5m2": ("F8_E5M2", 8), "float8_e4m3fnuz": ("F8_E4M3FNUZ", 8),
    "float8_e5m2fnuz": ("F8_E5M2FNUZ", 8), "float8_e8m0fnu": ("F8_E8M0", 8), "float16": ("F16", 16),
    "bfloat16": ("BF16", 16), "float32": ("F32", 32), "float64": ("F64", 64), "complex32": ("C32", 32),
    "complex64": ("C64", 64), "complex128": ("C128", 128),
  ]

  /// `torch.storage._dtype_to_storage_type_map`, without the quantized types.
  private static let torchStorages = [
    "BoolStorage": "bool", "ByteStorage": "uint8", "CharStorage": "int8", "ShortStorage": "int16",
    "IntStorage": "int32", "LongStorage": "int64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "FloatStorage": "float32", "DoubleStorage": "float64", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
  ]
}
