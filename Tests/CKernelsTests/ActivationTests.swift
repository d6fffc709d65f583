import CKernels
import Foundation
import Testing

/// The activation functions of formats/numerics.md, section 2, against binary64 functions written after `transformers`
/// `activations.py`; the bounds are those of that page.
@Suite struct ActivationTests {
  struct Function: CustomTestStringConvertible, Sendable {
    let activation: glck_activation
    let testDescription: String
    let exact: @Sendable (Double) -> Double

    init(_ activation: glck_activation, _ name: String, _ exact: @escaping @Sendable (Double) -> Double) {
      self.activation = activation
      testDescription = name
      self.exact = exact
    }
  }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }
  static func phi(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  static let all: [Function] = [
    Function(GLCK_ACTIVATION_NONE, "linear") { $0 },
    Function(GLCK_ACTIVATION_GELU, "gelu") { $0 * phi($0) },
    Function(GLCK_ACTIVATION_GELU_TANH, "gelu_tanh") {
      0.5 * $0 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    },
    Function(GLCK_ACTIVATION_GELU_10, "gelu_10") { min(max($0 * phi($0), -10), 10) },
    Function(GLCK_ACTIVATION_QUICK_GELU, "quick_gelu") { $0 * sigmoid(1.702 * $0) },
    Function(GLCK_ACTIVATION_RELU, "relu") { max($0, 0) },
    Function(GLCK_ACTIVATION_RELU2, "relu2") { max($0, 0) * max($0, 0) },
    Function(GLCK_ACTIVATION_RELU6, "relu6") { min(max($0, 0), 6) },
    Function(GLCK_ACTIVATION_LEAKY_RELU, "leaky_relu") { $0 < 0 ? 0.01 * $0 : $0 },
    Function(GLCK_ACTIVATION_SIGMOID, "sigmoid") { sigmoid($0) },
    Function(GLCK_ACTIVATION_SILU, "silu") { $0 * sigmoid($0) },
    Function(GLCK_ACTIVATION_TANH, "tanh") { Foundation.tanh($0) },
    Function(GLCK_ACTIVATION_HARDSWISH, "hardswish") { $0 * min(max($0 + 3, 0), 6) / 6 },
    Function(GLCK_ACTIVATION_MISH, "mish") { $0 * Foundation.tanh(log1p(Foundation.exp($0))) },
    Function(GLCK_ACTIVATION_LAPLACE, "laplace") { phi(($0 - 0.707107) / 0.282095) },
  ]

  static func apply(_ kernels: glck_kernels, _ activation: glck_activation, _ x: [Float]) -> [Float] {
    ElementaryTests.apply({ kernels.activate_rows(activation, $0, $1) }, x)
  }

  @Test func everyFunctionIsHere() {
    #expect(Self.all.map(\.activation.rawValue) == Array(0...GLCK_ACTIVATION_LAPLACE.rawValue))
  }

  @Test(arguments: InstructionSet.available) func areAccurate(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let x = stride(from: Float(-40), through: 40, by: 0.0037).map { $0 } + [0, -0.0, 1e-30, -1e-30, 300, -300]
    for function in Self.all {
      let y = Self.apply(kernels, function.activation, x)
      var largest = 0.0
      for (x, y) in zip(x, y) {
        let exact = function.exact(Double(x))
        largest = max(largest, abs(Double(y) - exact) / max(1, abs(exact)))
      }
      #expect(largest <= 3e-7, "\(function.testDescription): \(largest)")
    }
  }

  @Test(arguments: InstructionSet.available) func theWholeRangeAgreesWithScalar(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    let x = ElementaryTests.floats(upTo: .infinity) + [.nan, -.nan, .leastNonzeroMagnitude, 6, -3, 3, 20, 10, -10]
    for function in Self.all {
      #expect(
        sameBits(Self.apply(kernels, function.activation, x), Self.apply(scalar, function.activation, x)),
        "\(function.testDescription)")
    }
  }

  /// A number that is none stays none: whoever reads it has to notice.
  @Test(arguments: InstructionSet.available) func keepNaN(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for function in Self.all {
      #expect(Self.apply(kernels, function.activation, [.nan])[0].isNaN, "\(function.testDescription)")
    }
  }

  @Test(arguments: InstructionSet.available) func anyLength(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(3)
    for function in Self.all {
      for n in awkwardLengths {
        let x = random.floats(n, 8)
        let one = x.map { Self.apply(kernels, function.activation, [$0])[0] }
        #expect(sameBits(Self.apply(kernels, function.activation, x), one))
      }
    }
  }

  @Test(arguments: InstructionSet.available) func addScaled(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    var random = Random(4)
    for n in awkwardLengths {
      let (x, y) = (Guarded(random.floats(n)), Guarded(random.floats(n)))
      let expected = zip(x.elements, y.elements).map { $1.addingProduct(-0.37, $0) }
      kernels.add_scaled(n, -0.37, x.pointer, y.pointer)
      #expect(sameBits(y.elements, expected) && x.isIntact && y.isIntact)
    }
  }
}
