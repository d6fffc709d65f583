import CKernels
import EmulatedAMX
import Testing

/// The int8 product for AMX on emulated tiles, so that it is tested where there is no AMX; where there is, the other
/// suites run the real one.
@Suite struct EmulatedAMXTests {
  static let cases: [ProductS8Case] = {
    var cases: [ProductS8Case] = []
    for rows in [0, 1, 2, 15, 16, 17, 30, 31, 32, 33, 47, 48, 49, 63, 64, 65, 97] {
      for (k, blocks) in [(64, 3), (128, 2), (192, 1), (80, 3)] {
        cases.append(ProductS8Case(rows: rows, k: k, blocks: blocks))
      }
    }
    for k in [16, 32, 48, 80, 96, 112, 144] {
      cases += [1, 9, 16, 29, 40].map { ProductS8Case(rows: $0, k: k, blocks: 2, gelu: true) }
    }
    cases += [1, 2, 3, 4, 5, 8, 9].map { ProductS8Case(rows: 37, k: 192, blocks: $0, remainder: true) }
    // More rows than stay in the cache while all weights pass by.
    cases += [33, 70].map { ProductS8Case(rows: $0, k: 16_384, blocks: 3) }
    // int4, which is unpacked ahead: more and fewer steps than there is to unpack, and several panels of rows.
    for rows in [1, 16, 31, 33, 64, 97, 129] {
      for (k, blocks, group) in [(64, 5, 64), (192, 3, 128), (448, 4, 448), (768, 7, 32)] {
        cases.append(ProductS8Case(rows: rows, k: k, blocks: blocks, remainder: rows % 2 == 0, group: group))
      }
    }
    return cases + [33, 70].map { ProductS8Case(rows: $0, k: 16_384, blocks: 3, group: 128) }
  }()

  static func kernels() throws -> glck_kernels {
    var kernels = try InstructionSet.scalar()
    kernels.product_s8 = emulated_amx_product_s8
    return kernels
  }

  @Test func agreesWithScalar() throws {
    let emulated = try Self.kernels()
    let scalar = try InstructionSet.scalar()
    for c in ProductS8Tests.cases + ProductS4Tests.cases + Self.cases {
      let operands = c.operands()
      let (found, expected) = (Guarded<UInt32>([UInt32](repeating: 0, count: c.rows)), Guarded<UInt32>(c.rows))
      for row in 0..<c.rows { expected.pointer[row] = 0 }
      #expect(
        c.run(emulated, operands, magnitudes: found).bytes == c.run(scalar, operands, magnitudes: expected).bytes,
        "\(c)")
      #expect(found.elements == expected.elements)
      #expect(emulated_amx_faults() == 0, "\(c)")
    }
  }

  @Test func saturatingValuesAtTheLargestK() throws {
    let emulated = try Self.kernels()
    let scalar = try InstructionSet.scalar()
    for (a, w) in [(127, 127), (127, -127), (-127, -127)] as [(Int8, Int8)] {
      let c = ProductS8Case(rows: 3, k: 65_536, blocks: 2, hasBias: false, activation: a, weight: w)
      let operands = c.operands()
      #expect(c.run(emulated, operands).bytes == c.run(scalar, operands).bytes)
    }
  }
}
