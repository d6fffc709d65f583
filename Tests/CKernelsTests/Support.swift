import CKernels
import Glibc
import Testing

/// An instruction set that this machine runs. Every kernel test runs once for each.
struct InstructionSet: CustomTestStringConvertible, Sendable {
  let index: Int
  let name: String
  var testDescription: String { name }

  /// All that are compiled in, whether this machine runs them or not.
  static let names: [String] = (0..<glck_kernels_count()).map { String(cString: glck_kernels_name($0)) }
  static let available: [InstructionSet] = names.enumerated().compactMap { index, name in
    glck_kernels_at(index) == nil ? nil : InstructionSet(index: index, name: name)
  }

  func kernels() throws -> glck_kernels { try #require(glck_kernels_at(index)).pointee }
  static func scalar() throws -> glck_kernels { try #require(glck_kernels_at(0)).pointee }
}

/// SplitMix64: the same numbers in every run.
struct Random: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, _ magnitude: Float = 2) -> [Float] {
    (0..<count).map { _ in Float.random(in: -magnitude...magnitude, using: &self) }
  }

  mutating func codes(_ count: Int) -> [Int8] { (0..<count).map { _ in Int8.random(in: -127...127, using: &self) } }
}

/// Elements that end where a page that may not be touched begins: a read or write behind them is a fault. The bytes
/// before them, and all of them at first, hold a pattern that shows writes where none should be.
final class Guarded<Element: BitwiseCopyable> {
  let count: Int
  let pointer: UnsafeMutablePointer<Element>
  private let pages: UnsafeMutableRawPointer
  private let pageBytes: Int
  private let leading: Int

  init(_ count: Int) {
    let page = Int(getpagesize())
    let bytes = count * MemoryLayout<Element>.stride
    let usable = (bytes + 64 + page - 1) / page * page
    guard let pages = mmap(nil, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      pages != MAP_FAILED, mprotect(pages + usable, page, PROT_NONE) == 0
    else { fatalError("no memory for a test") }
    memset(pages, 0xA5, usable)
    self.count = count
    self.pages = pages
    pageBytes = usable + page
    leading = usable - bytes
    pointer = (pages + leading).bindMemory(to: Element.self, capacity: max(count, 1))
  }

  convenience init(_ elements: [Element]) {
    self.init(elements.count)
    for (i, element) in elements.enumerated() { pointer[i] = element }
  }

  deinit { munmap(pages, pageBytes) }

  var elements: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// All bytes, for comparisons that also see what lies between rows.
  var bytes: Bytes {
    Bytes(Array(UnsafeRawBufferPointer(start: pointer, count: count * MemoryLayout<Element>.stride)))
  }

  /// Whether nothing was written before the elements.
  var isIntact: Bool { UnsafeRawBufferPointer(start: pages, count: leading).allSatisfy { $0 == 0xA5 } }
}

/// Bytes to compare, which do not fill the screen when they differ.
struct Bytes: Equatable, CustomTestStringConvertible {
  let values: [UInt8]
  init(_ values: [UInt8]) { self.values = values }
  init(_ floats: [Float]) { values = floats.flatMap { float in withUnsafeBytes(of: float.bitPattern) { Array($0) } } }
  /// The float at `index`.
  func float(_ index: Int) -> Float {
    values.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) }
  }
  var testDescription: String { "\(values.count) bytes with CRC \(glck_crc32(0, values, values.count))" }
}

/// Whether two sequences of floats are the same to the bit; any NaN is as good as another.
func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
}

/// Sums in 16 lanes, folded 8-4-2-1 (formats/numerics.md, section 1).
func lanesSum(_ values: [Float], _ add: (_ lane: Float, _ value: Float) -> Float = { $0 + $1 }) -> Float {
  var lanes = [Float](repeating: 0, count: 16)
  for (i, value) in values.enumerated() { lanes[i % 16] = add(lanes[i % 16], value) }
  for width in [8, 4, 2, 1] {
    for l in 0..<width { lanes[l] += lanes[l + width] }
  }
  return lanes[0]
}

/// Lengths around every boundary that a kernel has.
let awkwardLengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 768]
