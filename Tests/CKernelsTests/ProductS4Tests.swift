import CKernels
import Testing

/// Products with int4 weights: those of the int8 weights that they stand for.
@Suite struct ProductS4Tests {
  static let cases: [ProductS8Case] = {
    var cases: [ProductS8Case] = []
    for rows in [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65] {
      for (k, blocks, group) in [(64, 5, 32), (192, 3, 64), (128, 2, 128)] {
        cases.append(ProductS8Case(rows: rows, k: k, blocks: blocks, group: group))
      }
    }
    cases += [1, 2, 3, 4, 5, 6, 7, 15, 16, 17].map { ProductS8Case(rows: 9, k: 128, blocks: $0, group: 64) }
    // Every group, cut short where it does not divide the features; one group of all, no power of two.
    for k in [64, 128, 192, 320, 448, 832] {
      cases += [32, 64, 128, k].map { ProductS8Case(rows: 11, k: k, blocks: 4, hasBias: false, group: $0) }
    }
    for rows in [1, 16, 33] {
      cases += [
        ProductS8Case(rows: rows, k: 192, blocks: 6, remainder: true, group: 64),
        ProductS8Case(rows: rows, k: 192, blocks: 7, remainder: true, gelu: true, group: 128, isScaled: true),
        ProductS8Case(rows: rows, k: 768, blocks: 3, gelu: true, group: 768),
      ]
    }
    // Extreme codes and multipliers.
    for activation: Int8 in [-127, 127] {
      for (weight, multiplier) in [(-7, 15), (7, 15), (7, 1), (-7, 1), (0, 15)] as [(Int8, UInt8)] {
        cases.append(
          ProductS8Case(
            rows: 5, k: 128, blocks: 4, activation: activation, weight: weight, group: 32, multiplier: multiplier))
      }
    }
    return cases
  }()

  @Test func scalarIsTheDefinition() throws {
    let scalar = try InstructionSet.scalar()
    for c in Self.cases {
      let operands = c.operands()
      let expected = c.expected(operands) { x in
        ElementaryTests.apply({ scalar.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, [x])[0]
      }
      #expect(c.run(scalar, operands).bytes == expected.bytes, "\(c)")
    }
  }

  @Test(arguments: InstructionSet.available) func agreesWithScalarAndWithInt8(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    let large = [(129, 768, 64), (20, 3072, 128)].map {
      ProductS8Case(rows: $0.0, k: $0.1, blocks: 9, group: $0.2)
    }
    for c in Self.cases + large {
      let operands = c.operands()
      let found = c.run(kernels, operands)
      #expect(found.bytes == c.run(scalar, operands).bytes, "\(c)")
      #expect(found.bytes == c.run(kernels, operands.unpacked).bytes, "\(c)")
    }
  }

  @Test(arguments: InstructionSet.available) func magnitudesAreThoseOfTheScaledOutputs(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for c in Self.cases.map(scaled) {
      let operands = c.operands()
      let magnitudes = Guarded([UInt32](repeating: 0, count: c.rows))
      let output = c.run(kernels, operands, magnitudes: magnitudes)
      let stride = 16 * c.blocks + c.outputGap
      for row in 0..<c.rows {
        let bits = (0..<16 * c.blocks).map { output.pointer[row * stride + $0].bitPattern & 0x7FFF_FFFF }
        #expect(magnitudes.pointer[row] == bits.max(), "\(c)")
      }
    }
  }

  private func scaled(_ c: ProductS8Case) -> ProductS8Case {
    var c = c
    c.isScaled = true
    return c
  }

  @Test(arguments: InstructionSet.available) func saturatingValuesAtTheLargestK(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for (a, w) in [(127, 7), (-127, 7), (-127, -7)] as [(Int8, Int8)] {
      let c = ProductS8Case(
        rows: 3, k: 65_536, blocks: 2, hasBias: false, activation: a, weight: w, group: 65_536, multiplier: 15)
      let operands = c.operands()
      let output = c.run(kernels, operands)
      for row in 0..<3 {
        for channel in 0..<32 {
          let scale = operands.rowScales.pointer[row] * operands.channelScales.pointer[channel]
          #expect(output.pointer[row * 35 + channel] == Float(Int(a) * Int(w) * 15 * 65_536) * scale)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func unpackTiles(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(12)
    for (k, blocks, group) in [(64, 1, 32), (64, 3, 64), (192, 2, 128), (832, 2, 832), (4, 1, 4), (320, 0, 64)] {
      for code: Int8? in [nil, 7, -7] {
        let int4 = Int4Tiles(k: k, blocks: blocks, group: group, code: code, multiplier: code.map { _ in 15 }, &random)
        let tiles = Guarded<Int8>(16 * blocks * k)
        var packed = int4.packed
        kernels.unpack_tiles(k, blocks, &packed, tiles.pointer)
        for (at, weight) in int4.weights.enumerated() {
          let (channel, i) = (at / k, at % k)
          let found = tiles.pointer[channel / 16 * 16 * k + i / 4 * 64 + channel % 16 * 4 + i % 4]
          guard found == weight else {
            Issue.record("\(k) \(group): channel \(channel), feature \(i): \(found), not \(weight)")
            break
          }
        }
        #expect(tiles.isIntact)
      }
    }
  }
}

extension ProductS8Case.Operands {
  /// The same with int8 weights.
  var unpacked: Self {
    Self(
      stride: stride, activations: activations, remainders: remainders, rowScales: rowScales,
      remainderScales: remainderScales, weights: weights, tiles: tiles, int4: nil, scratch: scratch,
      outputScales: outputScales, sums: sums, channelScales: channelScales, bias: bias)
  }
}
