import CKernels

/// int4 weights in tiles, and the int8 weights that they stand for, by the definition (formats/glc.md, "Encodings").
struct Int4Tiles {
  let packed: glck_tiles_s4
  /// [channels][k]: (n − 8) · multiplier.
  private(set) var weights: [Int8]
  private let nibbles: Guarded<UInt8>
  private let multipliers: Guarded<UInt8>

  /// - Parameters:
  ///   - code: n − 8 of all weights; `nil`: random ones.
  ///   - multiplier: of all groups; `nil`: random ones.
  init(k: Int, blocks: Int, group: Int, code: Int8? = nil, multiplier: UInt8? = nil, _ random: inout Random) {
    let groups = (k + group - 1) / group
    nibbles = Guarded([UInt8](repeating: 0, count: 8 * k * blocks))
    multipliers = Guarded(
      (0..<16 * groups * blocks).map { _ in multiplier ?? UInt8.random(in: 1...15, using: &random) })
    weights = [Int8](repeating: 0, count: 16 * blocks * k)
    for block in 0..<blocks {
      for channel in 0..<16 {
        for feature in 0..<k {
          let code = code ?? Int8.random(in: -7...7, using: &random)
          // Byte `index` of the 64 that a tile's row would have in int8.
          let (row, index) = (feature / 4, 4 * channel + feature % 4)
          nibbles.pointer[8 * k * block + 32 * row + index % 32] |= UInt8(code + 8) << (index < 32 ? 0 : 4)
          let factor = multipliers.pointer[(block * groups + feature / group) * 16 + channel]
          weights[(16 * block + channel) * k + feature] = code * Int8(factor)
        }
      }
    }
    packed = glck_tiles_s4(nibbles: nibbles.pointer, multipliers: multipliers.pointer, group_size: group)
  }
}
