import CKernels

/// How much longer a product takes with int4 weights than with the int8 weights that they stand for.
struct Int4Benchmark {
  var rows: Int
  var k: Int
  var blocks: Int
  var group: Int
  /// Weights that take their turns: with many of them they come from memory, as in a model; with one they are in the cache.
  var copies = 1

  var name: String { "\(rows) x \(k) x \(blocks) blocks, groups of \(group), \(copies) copies" }

  static func all() -> [Int4Benchmark] {
    var list: [Int4Benchmark] = []
    for copies in [1, 24] {
      for (k, blocks) in [(768, 48), (768, 192), (3072, 48)] {
        list.append(Int4Benchmark(rows: 128, k: k, blocks: blocks, group: 64, copies: copies))
      }
    }
    list += [32, 128, 768].map { Int4Benchmark(rows: 128, k: 768, blocks: 48, group: $0, copies: 24) }
    list += [512, 16, 1].map { Int4Benchmark(rows: $0, k: 768, blocks: 48, group: 64, copies: 24) }
    return list
  }

  func ratio(_ kernels: glck_kernels) -> Double {
    let (channels, groups) = (16 * blocks, (k + group - 1) / group)
    let nibbles = Operand<UInt8>(nibbles: copies * channels * k / 2)
    let multipliers = Operand<UInt8>(multipliers: copies * channels * groups)
    let tiles = Operand<Int8>(copies * channels * k) { _ in 0 }
    let sums = Operand<Int32>(copies * channels) { _ in 0 }
    let scratch = Operand<Int8>(Int(GLCK_UNPACKED_BYTES) * k) { _ in 0 }
    func packed(_ copy: Int) -> glck_tiles_s4 {
      glck_tiles_s4(
        nibbles: nibbles.pointer + copy * channels * k / 2, multipliers: multipliers.pointer + copy * channels * groups,
        group_size: group)
    }
    for copy in 0..<copies {
      var own = packed(copy)
      kernels.unpack_tiles(k, blocks, &own, tiles.pointer + copy * channels * k)
      kernels.channel_sums(k, blocks, tiles.pointer + copy * channels * k, sums.pointer + copy * channels)
    }
    let activations = Operand<Int8>(codes: rows * k)
    let scales = Operand<Float>(max(rows, channels)) { _ in 0.004 }
    let output = Operand<Float>(rows * channels) { _ in 0 }
    var product = glck_product_s8()
    (product.rows, product.k, product.blocks) = (rows, k, blocks)
    (product.activations, product.activation_stride) = (UnsafePointer(activations.pointer), k)
    (product.row_scales, product.channel_scales) = (UnsafePointer(scales.pointer), UnsafePointer(scales.pointer))
    (product.output, product.output_stride, product.scratch) = (output.pointer, channels, scratch.pointer)
    var turns = (int8: 0, int4: 0)
    return ratioOfTimes(
      {
        product.packed = glck_tiles_s4()
        product.tiles = UnsafePointer(tiles.pointer + turns.int8 * channels * k)
        product.channel_sums = UnsafePointer(sums.pointer + turns.int8 * channels)
        turns.int8 = (turns.int8 + 1) % copies
        kernels.product_s8(&product)
      },
      {
        product.packed = packed(turns.int4)
        product.channel_sums = UnsafePointer(sums.pointer + turns.int4 * channels)
        turns.int4 = (turns.int4 + 1) % copies
        kernels.product_s8(&product)
      })
  }
}
