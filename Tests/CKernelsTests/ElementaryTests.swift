import CKernels
import Foundation
import Testing

/// Against Foundation's binary64 functions; the bounds are those of formats/numerics.md, section 2.
@Suite struct ElementaryTests {
  /// Every 8,191st f32 of a range of bit patterns, both signs.
  static func floats(upTo limit: Float) -> [Float] {
    stride(from: UInt32(0), through: limit.bitPattern, by: 8191).flatMap { bits in
      [Float(bitPattern: bits), -Float(bitPattern: bits)]
    }
  }

  static func apply(_ kernel: (Int, UnsafeMutablePointer<Float>?) -> Void, _ x: [Float]) -> [Float] {
    let values = Guarded(x)
    let environment = glck_enter()
    kernel(x.count, values.pointer)
    glck_leave(environment)
    #expect(values.isIntact)
    return values.elements
  }

  @Test(arguments: InstructionSet.available) func expIsAccurate(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let x = Self.floats(upTo: 88)
    let y = Self.apply({ kernels.exp_rows($0, $1) }, x)
    var largest = 0.0
    for (x, y) in zip(x, y) {
      if x < -87 {
        #expect(y.bitPattern == 0)
      } else {
        let exact = Foundation.exp(Double(x))
        largest = max(largest, abs(Double(y) - exact) / exact)
      }
    }
    #expect(largest <= 1e-7)
  }

  @Test(arguments: InstructionSet.available) func geluIsAccurate(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let x = Self.floats(upTo: 1e30)
    let y = Self.apply({ kernels.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, x)
    var largest = 0.0
    for (x, y) in zip(x, y) {
      let exact = Double(x) * 0.5 * erfc(-Double(x) / 2.0.squareRoot())
      largest = max(largest, abs(Double(y) - exact) / max(1, abs(Double(x))))
    }
    #expect(largest <= 1.5e-7)
  }

  @Test(arguments: InstructionSet.available) func theWholeRangeAgreesWithScalar(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    let x =
      Self.floats(upTo: .infinity) + [
        .nan, -.nan, .leastNonzeroMagnitude, -87, (-87 as Float).nextDown, (-87 as Float).nextUp, 88, 9, -9,
      ]
    #expect(sameBits(Self.apply({ kernels.exp_rows($0, $1) }, x), Self.apply({ scalar.exp_rows($0, $1) }, x)))
    #expect(
      sameBits(
        Self.apply({ kernels.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, x),
        Self.apply({ scalar.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, x)))
  }

  @Test(arguments: InstructionSet.available) func specialValues(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let y = Self.apply({ kernels.exp_rows($0, $1) }, [0, -0.0, -.infinity, (-87 as Float).nextDown, .nan, .infinity])
    #expect(y[0] == 1 && y[1] == 1)
    #expect(y[2].bitPattern == 0 && y[3].bitPattern == 0)
    #expect(y[4].isNaN)
    #expect(y[5] == Self.apply({ kernels.exp_rows($0, $1) }, [88])[0])
    let g = Self.apply({ kernels.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, [0, -0.0, 20, -1000, .nan])
    #expect(g[0].bitPattern == 0 && g[1].bitPattern == (-0.0 as Float).bitPattern)
    #expect(g[2] == 20 && abs(g[3]) < 1e-12 && g[4].isNaN)
  }

  @Test(arguments: InstructionSet.available) func anyLength(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(1)
    for n in awkwardLengths {
      let x = random.floats(n, 8)
      let one = x.map { value in Self.apply({ kernels.exp_rows($0, $1) }, [value])[0] }
      #expect(sameBits(Self.apply({ kernels.exp_rows($0, $1) }, x), one))
      let other = x.map { value in Self.apply({ kernels.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, [value])[0] }
      #expect(sameBits(Self.apply({ kernels.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, x), other))
    }
  }

  @Test func sigmoidFollowsExp() throws {
    let scalar = try InstructionSet.scalar()
    for z: Float in [0, 1, -1, 0.3, -7.5, 20, -20, 86, -86, 200, -200, .infinity, -.infinity] {
      let e = Self.apply({ scalar.exp_rows($0, $1) }, [-z])[0]
      #expect(glck_sigmoid(z).bitPattern == (1 / (1 + e)).bitPattern)
      #expect(abs(Double(glck_sigmoid(z)) - 1 / (1 + Foundation.exp(-Double(z)))) < 1.2e-7)
    }
    #expect(glck_sigmoid(0) == 0.5)
    #expect(glck_sigmoid(.nan).isNaN)
  }
}
