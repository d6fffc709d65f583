import CKernels
import ModelCore

/// Where the time of forward passes goes. Steps run one after another, so each ends where the next begins and the parts add
/// up to the whole.
package final class Profile {
  /// A kind of steps.
  package enum Stage: Int, CaseIterable, Sendable {
    /// Laying out the batch, and the tables that depend on its lengths.
    case preparation
    case embeddings
    case convolution
    case projections
    case attentionProducts
    case attentionSoftmax
    case attentionOutput
    case intermediate
    case output
    case layerNorm
    case quantization
    case head
  }

  /// What one stage took, in all passes.
  package struct Entry: Sendable {
    package var nanoseconds = 0
    /// Multiply-accumulates of products with weights, in int8 and in f32.
    package var quantizedOperations = 0
    package var floatOperations = 0
  }

  private var entries = [Entry](repeating: Entry(), count: Stage.allCases.count)
  private var last = 0
  // Each thread writes its own element only.
  private let softmax: UnsafeMutableBufferPointer<Int>

  init(threads: Int) {
    softmax = .allocate(capacity: threads)
    softmax.initialize(repeating: 0)
  }

  deinit { softmax.deallocate() }

  package subscript(stage: Stage) -> Entry { entries[stage.rawValue] }

  /// A pass begins.
  func begin() { last = MonotonicClock.now }

  /// What ran since the last call was `stage`.
  func end(_ stage: Stage) {
    let now = MonotonicClock.now
    entries[stage.rawValue].nanoseconds += now - last
    last = now
  }

  /// The same, and it was products of `rows` rows with the weights of `linear`.
  func end(_ stage: Stage, _ linear: Linear, rows: Int) {
    end(stage)
    let operations = linear.inputs * linear.outputs * rows
    if linear.isQuantized {
      entries[stage.rawValue].quantizedOperations += operations
    } else {
      entries[stage.rawValue].floatOperations += operations
    }
  }

  /// Attention on `threads` threads ends; what they measured within it is taken out as a stage of its own.
  func endAttention(threads: Int) {
    end(.attentionProducts)
    let part = softmax.reduce(0, +) / threads
    entries[Stage.attentionProducts.rawValue].nanoseconds -= part
    entries[Stage.attentionSoftmax.rawValue].nanoseconds += part
    softmax.update(repeating: 0)
  }

  /// Adds a time that `thread` measured to its softmax.
  func addSoftmax(since start: Int, _ thread: Int) { softmax[thread] += MonotonicClock.now - start }
}

extension EngineSession {
  /// Measures from now on, until told otherwise; `nil` measures nothing and costs a comparison a step.
  /// - Returns: where it goes.
  package func startProfile() -> Profile {
    let profile = Profile(threads: pool.count)
    self.profile = profile
    return profile
  }
}

/// Multiply-accumulates a nanosecond of the instructions that products are made of, on registers alone and all threads together:
/// what products can be compared with.
package struct ProductLimits: Sendable {
  package let int8: Double
  package let f32: Double
}

extension EngineSession {
  /// Measures them, a few hundredths of a second each.
  package func measureLimits() -> ProductLimits {
    let environment = glck_enter()
    defer { glck_leave(environment) }
    return ProductLimits(int8: rate(kernels.pointee.int8_limit), f32: rate(kernels.pointee.f32_limit))
  }

  private func rate(_ limit: @escaping @convention(c) (UInt64) -> UInt64) -> Double {
    let done = UnsafeMutablePointer<UInt64>.allocate(capacity: pool.count)
    defer { done.deallocate() }
    var iterations: UInt64 = 1024
    while true {
      let start = MonotonicClock.now
      pool.run(threads: pool.count, (limit: limit, done: done, iterations: iterations)) { own, thread in
        own.done[thread] = own.limit(own.iterations)
      }
      let time = MonotonicClock.now - start
      if time > 20_000_000 || iterations > 1 << 40 {
        return Double(UnsafeBufferPointer(start: done, count: pool.count).reduce(0, +)) / Double(time)
      }
      iterations *= 2
    }
  }
}
