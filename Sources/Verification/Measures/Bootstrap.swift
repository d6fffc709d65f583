import Dispatch

/// Intervals of drifts by a bootstrap of texts with weights of the exponential distribution (Rubin, "The Bayesian
/// bootstrap", Annals of Statistics 9, 1981), and one text more at either end that was not seen. docs/verification.md
/// says why.
package struct Bootstrap: Sendable {
  private let textCount: Int
  private let confidence: Double
  private let replicates: Int
  private let seed: UInt64
  private let threads: Int
  /// Drifts that are resampled at once: 8 MB of results.
  private let batch: Int

  package init(textCount: Int, settings: MeasureSettings, threads: Int) {
    self.textCount = textCount
    confidence = settings.confidence
    replicates = settings.replicates
    seed = settings.seed
    self.threads = max(1, threads)
    batch = max(1, (1 << 20) / settings.replicates)
  }

  /// One interval a drift, within −1...1 and around the drift itself. The same for any number of threads, and of any
  /// order of `drifts`.
  package func intervals(_ drifts: [DriftEffects]) -> [Interval] {
    var intervals = [Interval](repeating: .undefined, count: drifts.count)
    guard textCount > 0 else { return intervals }
    // What nothing changed of has only the text that was not seen, in units of its own.
    let changed = drifts.indices.filter { !drifts[$0].parts.isEmpty }
    let scales = scales()
    let upper = ends(scales.unseen, at: upperRank)
    for index in drifts.indices where drifts[index].parts.isEmpty {
      let reach = min(1, drifts[index].unit * upper)
      intervals[index] = Interval(lower: 0 - reach, upper: reach)
    }
    for first in stride(from: 0, to: changed.count, by: batch) {
      let indices = Array(changed[first..<min(first + batch, changed.count)])
      let sample = resample(indices.map { drifts[$0].parts }, scales)
      let found = concurrently(indices.count) { position in
        interval(drifts[indices[position]], sample, scales.unseen, position)
      }
      for (position, index) in indices.enumerated() { intervals[index] = found[position] }
    }
    return intervals
  }

  /// The fewest replicates whose outermost values are the ends of an interval of this confidence: 39 for 0.95. Too many to count are
  /// `Int.max`.
  package static func fewestReplicates(confidence: Double) -> Int {
    // 1 − confidence is not exact: what is a whole number but for that is one.
    let fewest = ((2 / (1 - confidence) - 1) * (1 - 1e-12)).rounded(.up)
    return fewest < 1e15 ? max(1, Int(fewest)) : .max
  }

  // MARK: Resampling

  /// What every replicate multiplies weights by, n ÷ (Σ w + w₀), and what a text of effect 1 that was not seen adds.
  private struct Scales {
    var scale: [Double]
    var unseen: [Double]
  }

  /// In a replicate with weights w, one a text, and w₀ of the text that was not seen, a drift is n · (Σ w·d + w₀·d₀) ÷
  /// (Σ w + w₀). The one pass over all texts.
  private func scales() -> Scales {
    var scales = Scales(
      scale: [Double](repeating: 0, count: replicates), unseen: [Double](repeating: 0, count: replicates))
    scales.scale.withUnsafeMutableBufferPointer { scale in
      scales.unseen.withUnsafeMutableBufferPointer { unseen in
        nonisolated(unsafe) let (scale, unseen) = (scale, unseen)
        // Every replicate is computed by itself in one order, whatever thread it falls to.
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
          for replicate in stride(from: thread, to: replicates, by: threads) {
            let key = Self.key(seed, replicate)
            var sum = 0.0
            for text in 0..<textCount { sum += Self.weight(key, text) }
            let own = Self.weight(key, textCount)
            scale[replicate] = Double(textCount) / (sum + own)
            unseen[replicate] = scale[replicate] * own
          }
        }
      }
    }
    return scales
  }

  /// Drifts in every replicate, one list a drift. Only texts that are in `parts` are given weights.
  private func resample(_ parts: [[DriftEffects.Part]], _ scales: Scales) -> [Double] {
    var drifts = [Double](repeating: 0, count: parts.count * replicates)
    let texts = Set(parts.lazy.flatMap { $0.lazy.map(\.text) }).sorted()
    drifts.withUnsafeMutableBufferPointer { drifts in
      nonisolated(unsafe) let drifts = drifts
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        var weights = [Double](repeating: 0, count: textCount)
        for replicate in stride(from: thread, to: replicates, by: threads) {
          let key = Self.key(seed, replicate)
          for text in texts { weights[text] = Self.weight(key, text) }
          let scale = scales.scale[replicate]
          for (index, parts) in parts.enumerated() {
            drifts[index * replicates + replicate] = scale * parts.reduce(0) { $0 + weights[$1.text] * $1.effect }
          }
        }
      }
    }
    return drifts
  }

  private func interval(_ drift: DriftEffects, _ sample: [Double], _ unseen: [Double], _ position: Int) -> Interval {
    let values = sample[position * replicates..<(position + 1) * replicates]
    let (loss, gain) = (drift.largestLoss, drift.largestGain)
    let drift = drift.parts.reduce(0) { $0 + $1.effect }
    let lower = ends(zip(values, unseen).map { $0 - $1 * gain }, at: lowerRank)
    let upper = ends(zip(values, unseen).map { $0 + $1 * loss }, at: upperRank)
    return Interval(lower: max(-1, min(lower, drift)), upper: min(1, max(upper, drift)))
  }

  /// The value of a rank, counted from 1.
  private func ends(_ values: [Double], at rank: Int) -> Double { values.sorted()[rank - 1] }

  // Of R values that are as good as a further one, the further one is below the k-th with probability k ÷ (R + 1).
  // The outermost value is the best there is where that is no value at all: `fewestReplicates` says from how many on it is.
  private var lowerRank: Int {
    max(1, Int(((1 - confidence) / 2 * Double(replicates + 1) * (1 + 1e-12)).rounded(.down)))
  }
  private var upperRank: Int { replicates + 1 - lowerRank }

  private func concurrently<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
      nonisolated(unsafe) let base = buffer.baseAddress
      DispatchQueue.concurrentPerform(iterations: min(threads, count)) { thread in
        for index in stride(from: thread, to: count, by: min(threads, count)) {
          (base.unsafelyUnwrapped + index).initialize(to: body(index))
        }
      }
      initialized = count
    }
  }

  // MARK: Weights

  /// What the weights of a replicate are made from.
  private static func key(_ seed: UInt64, _ replicate: Int) -> UInt64 {
    mixed(seed &+ UInt64(replicate + 1) &* increment)
  }

  /// −ln u of a uniform u: exponential with mean 1. A function of seed, replicate and text alone, so that neither
  /// threads nor the order of texts that are asked for can change it.
  @inline(__always)
  private static func weight(_ key: UInt64, _ text: Int) -> Double {
    let bits = mixed(key &+ UInt64(truncatingIfNeeded: text + 1) &* increment)
    return 0 - Logarithm.natural((Double(bits >> 12) + 0.5) * 0x1p-52)
  }

  /// The output function of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), and the step between its inputs.
  @inline(__always)
  private static func mixed(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15
}
