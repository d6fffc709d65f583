import CKernels
import Testing

@Suite struct PackTilesTests {
  /// Code of channel `channel` at feature `feature` in tiles of K features (formats/glc.md, "Layouts").
  private static func index(_ channel: Int, _ feature: Int, k: Int) -> Int {
    channel / 16 * 16 * k + feature / 4 * 64 + channel % 16 * 4 + feature % 4
  }

  @Test(arguments: InstructionSet.available) func packTiles(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(11)
    for n in [1, 2, 15, 16, 17, 31, 33, 64] {
      for k in [4, 16, 32, 60, 64, 68, 80, 128] {
        let stride = k + 5
        let codes = Guarded(random.codes((n - 1) * stride + k))
        let channels = (n + 15) / 16 * 16
        let tiles = Guarded<Int8>(channels * k)
        kernels.pack_tiles(n, k, codes.pointer, stride, tiles.pointer)
        var expected = [Int8](repeating: 0, count: channels * k)
        for row in 0..<n {
          for i in 0..<k { expected[Self.index(row, i, k: k)] = codes.pointer[row * stride + i] }
        }
        #expect(tiles.elements == expected && tiles.isIntact, "\(n) rows of \(k)")
      }
    }
  }

  @Test(arguments: InstructionSet.available) func packTransposedTiles(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(12)
    for n in [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 130] {
      for blocks in [1, 2, 4] {
        let (channels, padded) = (16 * blocks, (n + 63) / 64 * 64)
        let stride = channels + 7
        let codes = Guarded(random.codes((n - 1) * stride + channels))
        let tiles = Guarded<Int8>(channels * padded)
        kernels.pack_transposed_tiles(n, blocks, codes.pointer, stride, tiles.pointer)
        var expected = [Int8](repeating: 0, count: channels * padded)
        for row in 0..<n {
          for c in 0..<channels { expected[Self.index(c, row, k: padded)] = codes.pointer[row * stride + c] }
        }
        #expect(tiles.elements == expected && tiles.isIntact, "\(n) rows of \(channels)")
      }
    }
  }
}
