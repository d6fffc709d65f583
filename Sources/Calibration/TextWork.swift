import Dispatch
import ReferenceModel
import Synchronization

/// A matrix for each text, one row a token: what lies between two steps of a calibration.
typealias TextStates = [ReferenceMatrix]

/// The texts of a calibration, and how work on them is divided.
struct TextWork: Sendable {
  /// Token ids of different texts.
  let ids: [[Int32]]
  /// Each text's position among those that were given, from 1.
  private let numbers: [Int]
  /// Of texts that were given.
  let empty: Int
  let repeated: Int
  /// Tokens of all texts.
  let tokens: Int
  /// Texts that are computed at the same time, by one thread each.
  let threads: Int
  /// Texts that are taken together: some thousand tokens, in the order of the texts.
  let chunks: [Range<Int>]

  /// Tokens after which a chunk ends.
  private static let chunkTokens = 2048

  /// - Parameter inputs: texts that say the same count once, those without a token not at all.
  init(_ inputs: [[Int32]], threads: Int) {
    var (ids, numbers, empty, seen) = ([[Int32]](), [Int](), 0, Set<[Int32]>())
    for (index, input) in inputs.enumerated() {
      if input.isEmpty { empty += 1 }
      guard !input.isEmpty, seen.insert(input).inserted else { continue }
      ids.append(input)
      numbers.append(index + 1)
    }
    (self.ids, self.numbers, self.empty) = (ids, numbers, empty)
    repeated = inputs.count - ids.count - empty
    tokens = ids.reduce(0) { $0 + $1.count }
    self.threads = max(1, threads)
    var chunks: [Range<Int>] = []
    var (start, size) = (0, 0)
    for index in ids.indices {
      size += ids[index].count
      guard size >= Self.chunkTokens || index == ids.count - 1 else { continue }
      chunks.append(start..<index + 1)
      (start, size) = (index + 1, 0)
    }
    self.chunks = chunks
  }

  /// What `body` makes of each of some texts, whichever thread does it.
  /// - Throws: the error of the first text that fails.
  func map(
    _ texts: Range<Int>, _ body: @Sendable (Int) throws(ReferenceModelError) -> ReferenceMatrix
  ) throws(CalibrationError) -> TextStates {
    let results = performed(texts.count, threads: threads) { index in
      Result { () throws(ReferenceModelError) in try body(texts.lowerBound + index) }
    }
    var states: TextStates = []
    for (text, result) in zip(texts, results) {
      do throws(ReferenceModelError) { states.append(try result.get()) } catch {
        throw .input(number: numbers[text], error)
      }
    }
    return states
  }

  /// Puts what `body` makes of each text's states in their place, chunk by chunk, so that both are never there in whole.
  func update(
    _ states: inout TextStates, _ body: @Sendable (Int, ReferenceMatrix) throws(ReferenceModelError) -> ReferenceMatrix
  ) throws(CalibrationError) {
    for chunk in chunks {
      let before = Array(states[chunk])
      states.replaceSubrange(
        chunk,
        with: try map(chunk) { (text) throws(ReferenceModelError) in
          try body(text, before[text - chunk.lowerBound])
        })
    }
  }

  /// What `body` makes of every text.
  func map(
    _ body: @Sendable (Int) throws(ReferenceModelError) -> ReferenceMatrix
  ) throws(CalibrationError) -> TextStates {
    try map(ids.indices, body)
  }
}

/// Runs `body` for every index below `count` on some threads; which of them runs what is left to chance.
func perform(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
  guard count > 0 else { return }
  let next = Atomic<Int>(0)
  DispatchQueue.concurrentPerform(iterations: min(max(threads, 1), count)) { _ in
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      body(index)
    }
  }
}

/// The results of `body` for every index below `count`, in their order.
func performed<Value: Sendable>(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
  let results = Mutex<[Int: Value]>([:])
  perform(count, threads: threads) { index in
    let value = body(index)
    results.withLock { $0[index] = value }
  }
  var found = results.withLock { $0 }
  return (0..<count).compactMap { found.removeValue(forKey: $0) }
}
