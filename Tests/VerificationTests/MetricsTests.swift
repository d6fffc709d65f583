import ModelCore
import Testing
import Verification

/// F1 against scikit-learn (Tests/Fixtures/metrics.json, by Scripts/metric_vectors.py).
@Suite struct F1Tests {
  struct Case {
    var name: String
    var labels: Int
    var micro: Double
    var macro: Double
    var decisions: [(label: String, predicted: Bool, actual: Bool)]
  }

  static func read() throws -> [Case] {
    let root = try JSONDocument(contentsOf: Fixtures.metrics).root
    let reference = try root.required("reference")
    #expect(try !reference.required("scikit_learn").requireString().isEmpty)
    return try root.required("cases").elements().map { entry in
      Case(
        name: try entry.required("name").requireString(), labels: try entry.required("labels").requireInt(in: 1...1000),
        micro: try entry.required("micro_f1").requireDouble(), macro: try entry.required("macro_f1").requireDouble(),
        decisions: try entry.required("decisions").elements().map { decision in
          (
            try decision.element(1).requireString(), try decision.element(2).requireInt(in: 0...1) == 1,
            try decision.element(3).requireInt(in: 0...1) == 1
          )
        })
    }
  }

  @Test func asScikitLearn() throws {
    let cases = try Self.read()
    #expect(cases.count >= 70)
    for entry in cases {
      var scores = F1Scores()
      for decision in entry.decisions {
        scores.add(decision.label, predicted: decision.predicted, actual: decision.actual)
      }
      #expect(abs(scores.micro - entry.micro) <= 1e-12, "\(entry.name)")
      #expect(abs(scores.macro - entry.macro) <= 1e-12, "\(entry.name)")
      #expect(scores.labelCount == entry.labels, "\(entry.name)")
    }
  }

  /// The order of the decisions changes no bit.
  @Test func anyOrder() throws {
    for entry in try Self.read() {
      var (forward, backward) = (F1Scores(), F1Scores())
      for one in entry.decisions { forward.add(one.label, predicted: one.predicted, actual: one.actual) }
      for one in entry.decisions.reversed() { backward.add(one.label, predicted: one.predicted, actual: one.actual) }
      #expect(forward.micro == backward.micro && forward.macro == backward.macro)
      #expect(forward == backward)
    }
  }

  @Test func byHand() {
    var confusion = Confusion()
    #expect(confusion.f1 == 0)
    for (predicted, actual) in [(true, true), (true, true), (true, false), (false, true), (false, false)] {
      confusion.add(predicted: predicted, actual: actual)
    }
    #expect(confusion.truePositives == 2 && confusion.falsePositives == 1 && confusion.falseNegatives == 1)
    #expect(confusion.f1 == 4.0 / 6)
    #expect(F1Scores().micro == 0 && F1Scores().macro == 0 && F1Scores().labelCount == 0)
  }
}

@Suite struct LogitErrorTests {
  static func errors(_ values: [Float]) -> LogitErrors {
    var errors = LogitErrors()
    for value in values { errors.add(value, reference: 0) }
    return errors
  }

  @Test func absoluteDifferences() {
    var errors = LogitErrors()
    errors.add(1.5, reference: 2)
    errors.add(-3, reference: -1)
    errors.add(7, reference: 7)
    #expect(errors.count == 3 && errors.mean == 2.5 / 3 && errors.maximum == 2)
    // The difference is taken in double: in float it would be infinite.
    var large = LogitErrors()
    large.add(.greatestFiniteMagnitude, reference: -.greatestFiniteMagnitude)
    #expect(large.maximum == 2 * Double(Float.greatestFiniteMagnitude))
  }

  /// Nearest rank: of n sorted errors, number ⌈q·n⌉, at least the first.
  @Test func quantiles() {
    let hundred = Self.errors((1...100).shuffled().map { Float($0) })
    for (q, expected) in [
      (0.0, 1.0), (0.001, 1), (0.01, 1), (0.011, 2), (0.5, 50), (0.505, 51), (0.99, 99), (0.991, 100), (1, 100),
    ] { #expect(hundred.quantile(q) == expected, "\(q)") }
    let five = Self.errors([15, 20, 35, 40, 50])
    for (q, expected) in [(0.05, 15.0), (0.2, 15), (0.3, 20), (0.4, 20), (0.41, 35), (0.5, 35), (0.99, 50), (1, 50)] {
      #expect(five.quantile(q) == expected, "\(q)")
    }
    #expect(Self.errors([7]).quantile(0) == 7 && Self.errors([-7]).quantile(0.99) == 7)
    #expect(Self.errors([2, 2, 2, 9]).quantile(0.75) == 2 && Self.errors([2, 2, 2, 9]).quantile(0.76) == 9)
    // 99 % of 200 is 198 exactly; the product of doubles must not come out above it.
    for count in [100, 200, 300, 700, 1100, 10_000] {
      #expect(Self.errors((1...count).map { Float($0) }).quantile(0.99) == Double(count * 99 / 100), "\(count)")
    }
  }

  @Test func nothing() {
    let none = LogitErrors()
    #expect(none.count == 0 && none.mean.isNaN && none.maximum.isNaN && none.quantile(0.99).isNaN)
  }

  /// One NaN, wherever it is, makes every figure NaN, and NaN is within no bound.
  @Test(arguments: [0, 1, 2, 3])
  func notANumber(_ position: Int) {
    var values: [Float] = [1, 2, 3]
    values.insert(.nan, at: position)
    let errors = Self.errors(values)
    #expect(errors.maximum.isNaN && errors.mean.isNaN && errors.quantile(0).isNaN && errors.quantile(1).isNaN)
    for bound in [0, 1, 1e300, Double.infinity] { #expect(!(errors.maximum <= bound)) }
    var infinite = LogitErrors()
    infinite.add(.infinity, reference: .infinity)
    #expect(infinite.maximum.isNaN)
    #expect(Self.errors([1, .infinity]).maximum == .infinity)
  }
}
