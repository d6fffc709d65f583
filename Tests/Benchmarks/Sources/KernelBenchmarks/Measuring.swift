import Glibc

/// Seconds of one call: the median of samples of several milliseconds each, after a warm-up.
func seconds(_ call: () -> Void) -> Double {
  func sample(_ repeats: Int) -> Double {
    let start = now()
    for _ in 0..<repeats { call() }
    return now() - start
  }
  call()
  let repeats = max(1, Int(0.004 / max(sample(1), 1e-7)))
  let samples = (0..<15).map { _ in sample(repeats) / Double(repeats) }.sorted()
  return samples[samples.count / 2]
}

/// Seconds of `second` over seconds of `first`, called in turns: the median of the ratios, so that what else runs on the machine
/// hits both. In time of the thread, which does not count when it has no processor.
func ratioOfTimes(_ first: () -> Void, _ second: () -> Void) -> Double {
  func sample(_ repeats: Int, _ call: () -> Void) -> Double {
    let start = now(CLOCK_THREAD_CPUTIME_ID)
    for _ in 0..<repeats { call() }
    return now(CLOCK_THREAD_CPUTIME_ID) - start
  }
  first()
  second()
  let repeats = max(1, Int(0.002 / max(sample(1, first), 1e-7)))
  let ratios = (0..<41).map { _ in 1 / sample(repeats, first) * sample(repeats, second) }.sorted()
  return ratios[ratios.count / 2]
}

private func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Aligned memory for the operands of a kernel, filled with the same values in every run.
final class Operand<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>

  init(_ count: Int, _ element: (Int) -> Element) {
    pointer = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64
    ).bindMemory(to: Element.self, capacity: max(count, 1))
    for i in 0..<count { pointer[i] = element(i) }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}

/// Values that look random: the high bits of a multiplicative hash.
func hash(_ i: Int) -> UInt32 { UInt32(truncatingIfNeeded: (UInt64(i) &+ 1) &* 0x9E37_79B9_7F4A_7C15 >> 32) }

extension Operand where Element == Int8 {
  convenience init(codes count: Int) { self.init(count) { Int8(Int(hash($0) % 255) - 127) } }
}

extension Operand where Element == UInt8 {
  /// int4 codes, two a byte, n in 1...15.
  convenience init(nibbles count: Int) {
    self.init(count) { UInt8(1 + hash($0) % 15 + (1 + (hash($0) >> 8) % 15) << 4) }
  }
  convenience init(multipliers count: Int) { self.init(count) { UInt8(1 + hash($0) % 15) } }
}

extension Operand where Element == Float {
  convenience init(floats count: Int) { self.init(count) { Float(hash($0) % 20_001) / 10_000 - 1 } }
}

extension String {
  func padded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// One decimal below a hundred, none above; three decimals below ten.
func rounded(_ value: Double) -> String {
  let decimals = value < 10 ? 3 : value < 100 ? 1 : 0
  let factor = [1.0, 10, 100, 1000][decimals]
  let scaled = (value * factor).rounded() / factor
  return decimals == 0 ? String(Int(scaled)) : String(scaled)
}
