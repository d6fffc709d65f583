import CKernels
import Testing

@Suite struct RowTests {
  @Test(arguments: InstructionSet.available) func divideRows(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(5)
    for n in awkwardLengths {
      let x = random.floats(2 * (n + 3) + n)
      let sums = Guarded(random.floats(3))
      let values = Guarded(x)
      kernels.divide_rows(3, n, values.pointer, n + 3, sums.pointer)
      var expected = x
      for row in 0..<3 {
        for i in 0..<n { expected[row * (n + 3) + i] /= sums.pointer[row] }
      }
      #expect(sameBits(values.elements, expected) && values.isIntact)
    }
  }

  @Test(arguments: InstructionSet.available) func widenRow(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(6)
    for n in awkwardLengths {
      let codes = Guarded(random.codes(n))
      let output = Guarded<Float>(n)
      kernels.widen_row(n, codes.pointer, 0.0123, output.pointer)
      #expect(sameBits(output.elements, codes.elements.map { Float($0) * 0.0123 }) && output.isIntact)
    }
  }

  @Test(arguments: InstructionSet.available) func widenRowOfInt4(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(13)
    for n in awkwardLengths {
      let padded = (n + 63) / 64 * 64
      for group in [32, 64, 128, padded] {
        for extreme in [false, true] {
          var codes = (0..<padded).map { _ in Int8.random(in: -7...7, using: &random) }
          if extreme { codes = codes.map { $0 < 0 ? -7 : 7 } }
          let nibbles = Guarded([UInt8](repeating: 0, count: padded / 2))
          for (i, code) in codes.enumerated() {
            nibbles.pointer[i / 64 * 32 + i % 32] |= UInt8(code + 8) << (i % 64 < 32 ? 0 : 4)
          }
          let multipliers = Guarded(
            (0..<(padded + group - 1) / group).map { _ in extreme ? 15 : UInt8.random(in: 1...15, using: &random) })
          let output = Guarded<Float>(n)
          kernels.widen_row_s4(n, nibbles.pointer, multipliers.pointer, group, 0.0123, output.pointer)
          let expected = (0..<n).map { Float(Int(codes[$0]) * Int(multipliers.pointer[$0 / group])) * 0.0123 }
          #expect(sameBits(output.elements, expected) && output.isIntact, "\(n) in groups of \(group)")
        }
      }
    }
  }

  /// A value of 16 bits, by the definitions of the formats.
  static func widened(_ half: UInt16, _ type: glck_float) -> Float {
    guard type == GLCK_F16 else { return Float(bitPattern: UInt32(half) << 16) }
    let (exponent, fraction) = (Int(half >> 10 & 31), Double(half & 1023))
    let magnitude: Double =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: (1 + fraction * 0x1p-10) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
      }
    return Float(half >> 15 == 0 ? magnitude : -magnitude)
  }

  @Test(arguments: InstructionSet.available) func widenFloats(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let environment = glck_enter()
    defer { glck_leave(environment) }
    for type in [GLCK_F16, GLCK_BF16] {
      // All values there are, and every length of the last vector.
      for n in [65_536] + awkwardLengths {
        let values = Guarded((0..<n).map { UInt16(truncatingIfNeeded: n == 65_536 ? $0 : $0 * 40_503) })
        let output = Guarded<Float>(n)
        kernels.widen_floats(n, type, values.pointer, output.pointer)
        #expect(sameBits(output.elements, values.elements.map { Self.widened($0, type) }) && output.isIntact)
      }
    }
    let floats = Guarded<Float>([1.5, -0, .infinity])
    let output = Guarded<Float>(3)
    kernels.widen_floats(3, GLCK_F32, floats.pointer, output.pointer)
    #expect(sameBits(output.elements, floats.elements))
  }

  @Test(arguments: InstructionSet.available) func widenPanel(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(7)
    for k in [4, 8, 64, 192] {
      let tiles = Guarded(random.codes(16 * k))
      let scales = Guarded(random.floats(16))
      let panel = Guarded<Float>(16 * k)
      kernels.widen_panel(k, tiles.pointer, scales.pointer, panel.pointer)
      let expected = (0..<16 * k).map { i -> Float in
        let (feature, channel) = (i / 16, i % 16)
        return Float(tiles.pointer[feature / 4 * 64 + channel * 4 + feature % 4]) * scales.pointer[channel]
      }
      #expect(sameBits(panel.elements, expected) && panel.isIntact)
    }
  }

  @Test(arguments: InstructionSet.available) func channelSums(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(11)
    for (k, blocks) in [(4, 1), (8, 3), (16, 2), (52, 5), (64, 1), (768, 4), (65_536, 2)] {
      for fixed: Int8? in [nil, 127, -127, -128] {
        let count = 16 * k * blocks
        let tiles = Guarded(fixed.map { [Int8](repeating: $0, count: count) } ?? random.codes(count))
        let sums = Guarded<Int32>(16 * blocks)
        kernels.channel_sums(k, blocks, tiles.pointer, sums.pointer)
        var expected = [Int32](repeating: 0, count: 16 * blocks)
        for i in 0..<tiles.count { expected[i / (16 * k) * 16 + i % 64 / 4] += Int32(tiles.pointer[i]) }
        #expect(sums.elements == expected && sums.isIntact, "\(k) \(blocks)")
      }
    }
    kernels.channel_sums(64, 0, Guarded<Int8>(0).pointer, Guarded<Int32>(0).pointer)
  }

  @Test(arguments: InstructionSet.available) func packPanels(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(8)
    for n in [1, 2, 15, 16, 17, 31, 33] {
      for k in [1, 4, 15, 16, 17, 32, 64, 70] {
        let rows = Guarded(random.floats((n - 1) * (k + 2) + k))
        let panels = Guarded<Float>((n + 15) / 16 * 16 * k)
        kernels.pack_panels(n, k, rows.pointer, k + 2, panels.pointer)
        let expected = (0..<panels.count).map { i -> Float in
          let (row, feature) = (i / (16 * k) * 16 + i % 16, i % (16 * k) / 16)
          return row < n ? rows.pointer[row * (k + 2) + feature] : 0
        }
        #expect(sameBits(panels.elements, expected) && panels.isIntact, "\(n) by \(k)")
      }
    }
  }

  @Test(arguments: InstructionSet.available) func dot(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(9)
    for n in [0] + awkwardLengths {
      let a = Guarded(random.floats(n))
      let b = Guarded(random.floats(n))
      var lanes = [Float](repeating: 0, count: 16)
      for i in 0..<n { lanes[i % 16].addProduct(a.pointer[i], b.pointer[i]) }
      #expect(kernels.dot(n, a.pointer, b.pointer).bitPattern == lanesSum(lanes).bitPattern)
    }
  }

  @Test(arguments: InstructionSet.available) func projectF64(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(10)
    let sizes = [(16, 1, 1), (16, 65, 7), (32, 64, 6), (48, 63, 13), (80, 130, 5), (512, 64, 12), (16, 0, 3)]
    for (rows, k, channels) in sizes {
      // Exponents far apart, subnormals among them: the order of the sums shows.
      let exponents: [Float] = [1, 1e-12, 1e20, 1e-37, 10 * .leastNonzeroMagnitude]
      let x = Guarded((0..<k * rows).map { Float.random(in: -1...1, using: &random) * exponents[$0 % 5] })
      let weights = Guarded((0..<k * channels).map { Float.random(in: -1...1, using: &random) * exponents[$0 % 3] })
      let bias = Guarded(random.floats(channels))
      let output = Guarded<Double>(channels * rows)
      let environment = glck_enter()
      kernels.project_f64(rows, k, channels, x.pointer, weights.pointer, bias.pointer, output.pointer)
      glck_leave(environment)
      let expected = (0..<channels * rows).map { i -> UInt64 in
        let (channel, row) = (i / rows, i % rows)
        var sum = 0.0
        for f in 0..<k { sum += Double(x.pointer[f * rows + row]) * Double(weights.pointer[channel * k + f]) }
        return (sum + Double(bias.pointer[channel])).bitPattern
      }
      #expect(output.elements.map(\.bitPattern) == expected && output.isIntact, "\(rows) \(k) \(channels)")
    }
  }
}
