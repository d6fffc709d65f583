import RecipeSearch
import Testing

/// How many texts there is time for.
@Suite struct TextCountsTests {
  private let counts = TextCounts(probes: 100, trials: 32)
  private let costs = TextCounts.Costs(conversion: 2, text: 0.01, reference: 0.4)

  @Test func timeIsWhatEveryPieceTakes() {
    // 100 candidates on 128 texts, 32 on 512, the reference of 1,024; then two conversions and a run over the other half.
    // 328 + 227.84 + 409.6 + 4 + 5.12 seconds.
    #expect(abs(counts.seconds(1024, costs) - 974.56) < 1e-9)
    // Few texts are few for single units as well: 232 + 74.24 + 25.6 + 4 + 0.32.
    #expect(abs(counts.seconds(64, costs) - 336.16) < 1e-9)
  }

  @Test func takesAllWhereThereIsTime() {
    #expect(counts.count(of: 1500, costs, seconds: 1e6) == 1500)
    #expect(counts.count(of: 10, costs, seconds: 1e6) == 10)
  }

  @Test func takesThePowerOfTwoThatFits() {
    for seconds in stride(from: 100.0, to: 5000, by: 37) {
      let count = counts.count(of: 100_000, costs, seconds: seconds)
      #expect([64, 128, 256, 512, 1024, 2048, 4096, 8192].contains(count))
      #expect(count == 64 || counts.seconds(count, costs) <= seconds)
      #expect(counts.seconds(2 * count, costs) > seconds)
    }
  }

  @Test func takesTheFewestWhateverTheTime() {
    #expect(counts.count(of: 100_000, costs, seconds: 0) == 64)
    #expect(counts.count(of: 20, costs, seconds: 0) == 20)
  }
}
