import Calibration
import Foundation
import ReferenceModel
import TestSupport
import Testing

/// What is measured, against definitions and against hooks on the Python package.
@Suite struct MeasuredInputsTests {
  struct Vectors: Decodable {
    var layers: [String: Layer]
  }

  struct Layer: Decodable {
    var rows: Int
    var means: [Double]
    var seconds: [Double]
    var minima: [Double]
    var maxima: [Double]
    var products: [Double]
  }

  /// The largest |ours − theirs| ÷ the largest |theirs|.
  static func error(_ ours: [Double], _ theirs: [Double]) -> Double {
    guard ours.count == theirs.count else { return .infinity }
    let scale = theirs.map { $0.magnitude }.max() ?? 0
    return zip(ours, theirs).map { ($0 - $1).magnitude / scale }.max() ?? 0
  }

  /// Scripts/calibration_vectors.py: the inputs of every kind of linear layer, through the steps of the encoder.
  @Test func agreesWithHooksOnThePackage() throws {
    let data = try Data(contentsOf: URL(filePath: Fixtures.path("calibration.json")))
    let theirs = try JSONDecoder().decode(Vectors.self, from: data).layers
    let encoder = try ReferenceEncoder(Tiny.checkpoint())
    var states: [ReferenceMatrix] = []
    for ids in try Tiny.inputs.get() { states.append(try encoder.embeddings(of: ids)) }
    var compared = 0
    func compare(_ rows: [ReferenceMatrix], _ name: String) throws {
      let layer = try #require(theirs[name])
      var measured = MeasuredInputs(columns: layer.means.count, expected: layer.rows)
      // In parts, as a calibration does.
      for start in stride(from: 0, to: rows.count, by: 7) {
        measured.add(Array(rows[start..<min(start + 7, rows.count)]), threads: 2)
      }
      #expect(measured.count == layer.rows && measured.zeroFeatures == 0 && measured.constantFeatures == 0)
      #expect(Self.error(measured.moments.means, layer.means) < 1e-5, "\(name)")
      #expect(Self.error(measured.moments.secondMoments, layer.seconds) < 1e-5, "\(name)")
      let (columns, correlations) = (measured.columns, measured.correlations(scaledBy: nil))
      let products = (0..<columns).map { row in
        (0..<columns).reduce(0.0) { $0 + Double(correlations[row * columns + $1]) * Double(7 * $1 % 11 - 5) }
      }
      #expect(Self.error(products, layer.products) < 1e-5, "\(name)")
      compared += 1
    }
    for index in 0..<Tiny.layers {
      let layer = try encoder.layer(index)
      try compare(states, EncoderLinear.value.name(layer: index))
      var contexts: [ReferenceMatrix] = []
      for text in states { contexts.append(try layer.context(text)) }
      try compare(contexts, EncoderLinear.attentionOutput.name(layer: index))
      var attended: [ReferenceMatrix] = []
      for (text, context) in zip(states, contexts) { attended.append(try layer.attention(context, states: text)) }
      try compare(attended, EncoderLinear.intermediate.name(layer: index))
      var inner: [ReferenceMatrix] = []
      for text in attended { inner.append(try layer.intermediate(text)) }
      try compare(inner, EncoderLinear.output.name(layer: index))
      states = []
      for (inner, attended) in zip(inner, attended) {
        states.append(try layer.output(inner, attention: attended, embeddings: nil))
      }
    }
    #expect(compared == theirs.count && compared == 8)
  }

  /// More features than a block of products has, by the definition; and the same bits for any number of threads.
  @Test func wideRowsByDefinition() {
    let columns = 300
    var generator = SystemRandomNumberGenerator()
    let rows = (0..<3).map { _ in
      ReferenceMatrix(
        rows: 11, columns: columns, values: (0..<11 * columns).map { _ in Float.random(in: -2...2, using: &generator) })
    }
    var all: [[Float]] = []
    for threads in [1, 2, 3, 8] {
      var measured = MeasuredInputs(columns: columns, expected: 33)
      measured.add(Array(rows[0...1]), threads: threads)
      measured.add([rows[2]], threads: threads)
      all.append(measured.correlations(scaledBy: nil))
    }
    #expect(all.allSatisfy { $0 == all[0] })
    var worst = 0.0
    for left in 0..<columns {
      for right in 0..<columns {
        let sum = rows.reduce(0.0) { sum, text in
          (0..<11).reduce(sum) {
            $0 + Double(text.values[$1 * columns + left]) * Double(text.values[$1 * columns + right])
          }
        }
        worst = max(worst, abs(sum / 33 - Double(all[0][left * columns + right])))
      }
    }
    #expect(worst < 1e-5)
  }

  @Test func scalesMultiplyBothSides() {
    var measured = MeasuredInputs(columns: 2, expected: 2)
    measured.add([ReferenceMatrix(rows: 2, columns: 2, values: [1, 2, 3, -4])], threads: 1)
    #expect(measured.correlations(scaledBy: nil) == [5, -5, -5, 10])
    #expect(measured.correlations(scaledBy: [2, 0.5]) == [20, -5, -5, 2.5])
    // Steps are the largest of each row over 127.
    func noise(_ squares: Double...) -> Double { squares.reduce(0, +) / (127 * 127) / 12 / Double(squares.count) }
    let plain = noise(4, 16)
    #expect(abs(measured.roundingNoise(scaledBy: nil) / plain - 1) < 1e-12)
    let scaled = noise(4, 36)
    #expect(abs(measured.roundingNoise(scaledBy: [2, 0.5]) / scaled - 1) < 1e-12)
  }

  @Test func featuresThatAreAlwaysTheSame() {
    var measured = MeasuredInputs(columns: 4, expected: 4)
    measured.add([ReferenceMatrix(rows: 2, columns: 4, values: [0, 3, 1, -0.0, 0, 3, 2, 0])], threads: 2)
    #expect(measured.zeroFeatures == 2 && measured.constantFeatures == 1)
    measured.add([ReferenceMatrix(rows: 1, columns: 4, values: [0, 3, 2, 1])], threads: 2)
    #expect(measured.zeroFeatures == 1 && measured.constantFeatures == 1)
    #expect(measured.moments.variances[1] == 0)
  }

  /// formats/numerics.md, 3, by hand: scale 2 ÷ 127; 0.5 · 127 ÷ 2 = 31.75 rounds to 32.
  @Test func roundingOfActivations() {
    let rows = ReferenceMatrix(rows: 3, columns: 3, values: [0.5, -2, 0, 0, 0, 0, 1, 1, 0.25])
    let step: Float = 2.0 / 127
    let plain = ActivationRounding(inputScales: nil)(rows)
    #expect(plain.values[0...5] == [32 * step, -2, 0, 0, 0, 0])
    // 4 · 0.5 is as large as −2: nothing is lost, where 0.5 alone lay between two steps.
    let balanced = ActivationRounding(inputScales: [4, 1, 4])(
      ReferenceMatrix(rows: 1, columns: 3, values: [0.5, -2, 0]))
    #expect(balanced.values == [0.5, -2, 0])
  }
}
