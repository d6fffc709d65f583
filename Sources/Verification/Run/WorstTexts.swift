import ModelCore

/// The texts with the largest logit errors so far.
struct WorstTexts {
  /// One of them, with what is needed to run it again.
  struct Entry {
    var index: Int
    var error: Double
    var output: ReferenceOutput
    var modelIDs: [Int32]
    var labelPositions: [Int]
    var lostLabels: Int
    var modelLogits: [Float]
    var tokenDifference: Int?
  }

  /// The worst first.
  private(set) var entries: [Entry] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Whether a text with this error, the largest of its labels, is among them. NaN is the worst there is.
  func takes(_ error: Double) -> Bool {
    guard entries.count == limit, let last = entries.last else { return true }
    return Self.isWorse(error, than: last.error)
  }

  mutating func add(_ entry: Entry) {
    guard takes(entry.error) else { return }
    let position = entries.firstIndex { Self.isWorse(entry.error, than: $0.error) } ?? entries.count
    entries.insert(entry, at: position)
    if entries.count > limit { entries.removeLast() }
  }

  private static func isWorse(_ left: Double, than right: Double) -> Bool {
    left.isNaN ? !right.isNaN : left > right
  }
}
