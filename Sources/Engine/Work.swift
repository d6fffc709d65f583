/// What steps take one thread, about, in nanoseconds on the fastest kernels (docs/performance.md): enough to tell which are
/// worth a second one.
enum Work {
  /// One pass over rows of floats: LayerNorm, quantization, a sum.
  static func pass(rows: Int, size: Int) -> Int { rows * size / 4 }

  /// Products of floats.
  static func multiplyAccumulates(_ count: Int) -> Int { count / 100 }

  /// Attention of `tokens` tokens to each other, all heads, with what relative positions add.
  static func attention(tokens: Int, size: Int) -> Int { multiplyAccumulates(2 * tokens * (tokens + 64) * size) }

  /// Work that a thread is woken for.
  static let leastShare = 2000
  /// A forward pass below this is faster on one thread: its steps are too short to be divided.
  static let leastPass = 150_000
}

extension Linear {
  /// Its product with `rows` rows: the arithmetic, and reading the weights once.
  func work(rows: Int) -> Int {
    guard rows > 0 else { return 0 }
    let weights = paddedInputs * blocks * 16
    return isQuantized ? weights * rows / 400 + weights / 16 : Work.multiplyAccumulates(weights * rows) + weights / 4
  }
}

extension EncoderLayer {
  /// All of it, for one text of `tokens` tokens.
  func work(tokens: Int) -> Int {
    query.work(rows: tokens) + key.work(rows: tokens) + value.work(rows: tokens) + attentionOutput.work(rows: tokens)
      + intermediate.work(rows: tokens) + output.work(rows: tokens)
      + Work.attention(tokens: tokens, size: query.inputs) + Work.pass(rows: 4 * tokens, size: query.inputs)
  }
}
