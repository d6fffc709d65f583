/// Memory that is kept from one text to the next and only grows: what an array would be without its retain counts and
/// exclusivity checks.
struct ScratchBuffer<Element: BitwiseCopyable>: ~Copyable {
  /// Elements in use.
  private(set) var count = 0
  private var capacity = 0
  private var base: UnsafeMutablePointer<Element>?

  init() {}

  deinit { base?.deallocate() }

  /// The elements in use. Not valid any more after the next change.
  @inline(__always) var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }

  /// Element number `index`, which must be in use.
  @inline(__always) subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return elements[index]
    }
    set {
      precondition(index >= 0 && index < count)
      base?[index] = newValue
    }
  }

  @inline(__always) mutating func removeAll() { count = 0 }

  /// Takes the last element away; nothing where there is none.
  @inline(__always) mutating func removeLast() { count = max(count - 1, 0) }

  /// Makes room for `extra` further elements.
  @inline(__always) mutating func reserve(_ extra: Int) {
    if extra > capacity - count { grow(extra) }
  }

  @inline(never) private mutating func grow(_ extra: Int) {
    let wanted = max(count + extra, 2 * capacity, 256)
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
    if let base {
      larger.update(from: base, count: count)
      base.deallocate()
    }
    base = larger
    capacity = wanted
  }

  @inline(__always) mutating func append(_ element: Element) {
    reserve(1)
    base?[count] = element
    count += 1
  }

  @inline(__always) mutating func append(contentsOf source: UnsafeBufferPointer<Element>) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    reserve(source.count)
    if let base { (base + count).update(from: start, count: source.count) }
    count += source.count
  }

  /// Puts `size` elements equal to `element` in place of all, and lends them for writing.
  @inline(__always) mutating func refill(
    _ size: Int, with element: Element
  ) -> UnsafeMutableBufferPointer<Element> {
    count = 0
    reserve(size)
    base?.update(repeating: element, count: size)
    count = size
    return UnsafeMutableBufferPointer(start: base, count: size)
  }

  /// Gives memory back that only an unusually long text needed.
  mutating func trim(toBytes limit: Int) {
    guard capacity * MemoryLayout<Element>.stride > limit else { return }
    base?.deallocate()
    base = nil
    capacity = 0
    count = 0
  }
}

/// The working memory of one encoding at a time: make one per thread, and hand it to every call.
public struct EncodingScratch: ~Copyable, @unchecked Sendable {
  // SAFETY: every buffer has this one owner.
  var normalization = NormalizerScratch()
  var words = WordScratch()
  var model = ModelScratch()
  /// Whether words are remembered from one text to the next.
  let cachesWords: Bool

  /// Working memory that is allocated when it is first needed.
  public init() { cachesWords = true }

  /// Working memory for one text only, when `cachesWords` is false.
  init(cachesWords: Bool) { self.cachesWords = cachesWords }

  /// Above this a buffer is given back after use.
  static let keptBytes = 4 << 20

  mutating func trim() {
    normalization.trim(toBytes: Self.keptBytes)
    words.trim(toBytes: Self.keptBytes)
    model.trim(toBytes: Self.keptBytes)
  }
}

/// What the models work in.
struct ModelScratch: ~Copyable {
  var path = ScratchBuffer<PathNode>()
  var bytePairs = BytePairScratch()
  var cache = WordCache()

  mutating func trim(toBytes limit: Int) {
    path.trim(toBytes: limit)
    bytePairs.trim(toBytes: limit)
  }
}

/// The best way to a position in a word.
struct PathNode: BitwiseCopyable {
  /// Where the last piece of that way begins; ``unset`` where none is known yet.
  var start: UInt32
  var id: UInt32
  /// The sum of the scores on that way.
  var score: Double

  static let unset = UInt32.max
  static let empty = PathNode(start: unset, id: 0, score: 0)
}
