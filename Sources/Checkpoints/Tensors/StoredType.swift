import ModelCore

/// An element type of the safetensors format, whether or not anything here computes with it.
struct StoredType: Sendable, Equatable {
  /// As the header spells it.
  let name: String
  /// Bits of one element; 4 and 6 are packed.
  let bitCount: Int

  /// `nil` for a name that the format does not have (`Dtype` in the format's `tensor.rs`).
  init?(name: String) {
    guard let bitCount = Self.bitCounts[name] else { return nil }
    self.name = name
    self.bitCount = bitCount
  }

  /// The type as one that can be read, `nil` for one that cannot.
  var dtype: DType? { DType(rawValue: name) }

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
}
