import ModelCore
import Testing

/// One document, read by many threads at once.
@Suite struct JSONThreadTests {
  @Test func numbersKeepTheirText() async throws {
    let texts = (0..<2_000).map { "\($0).\($0 % 7)5" }
    let document = try JSONDocument("[\(texts.joined(separator: ","))]", path: "numbers.json")
    await withTaskGroup(of: [String].self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<texts.count).map { document.root.element($0).numberText ?? "" } }
      }
      for await found in group { #expect(found == texts) }
    }
  }
}
