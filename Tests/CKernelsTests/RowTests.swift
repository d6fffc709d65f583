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
