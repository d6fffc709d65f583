import ModelCore
import Testing

/// Numbers for people, as worked out by hand (or by printf).
@Suite struct FormattingTests {
  @Test func sizes() {
    for (bytes, text) in [
      (0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1.00 kB"), (9990, "9.99 kB"), (12_345, "12.3 kB"),
      (13_900_000, "13.9 MB"), (1_234_000_000, "1.23 GB"), (5_000_000_000_000, "5.00 TB"),
    ] { #expect(Formatting.size(bytes) == text) }
    #expect(Formatting.size(.max).hasSuffix(" TB"))
  }

  @Test func decimals() {
    let cases: [(Double, Int, String)] = [
      (0, 3, "0.000"), (1.5, 0, "2"), (1.25, 1, "1.3"), (-1.25, 2, "-1.25"), (0.1214856, 6, "0.121486"),
      (1e-9, 6, "0.000000"),
      (-1e-9, 6, "0.000000"), (0.9999996, 6, "1.000000"), (12_345.625, 3, "12345.625"), (0.05, 2, "0.05"),
      (99.995, 1, "100.0"),
      (.infinity, 3, "inf"), (-.infinity, 3, "-inf"), (.nan, 3, "NaN"), (1e300, 6, "1e+300"), (-2, 0, "-2"),
    ]
    for (value, count, text) in cases { #expect(Formatting.decimals(value, count) == text) }
  }

  @Test func signs() {
    let cases: [(Double, String)] = [
      (0, "+0.00"), (-0.0, "+0.00"), (1, "+1.00"), (-1, "-1.00"), (-0.001, "+0.00"), (.nan, "NaN"), (.infinity, "+inf"),
    ]
    for (value, text) in cases { #expect(Formatting.signed(value, 2) == text) }
  }
}
