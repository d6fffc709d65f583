import Hashing
import ModelCore

/// What is known of a file of texts without the texts: where each is, and which of its labels are right. About 50 bytes a text and a
/// bit a label, whatever the texts are.
package struct DataIndex: Sendable {
  /// The file.
  package let path: String
  /// SHA-256 of its bytes, in lower-case hexadecimal.
  package let sha256: String
  /// Whether it says which labels are right.
  package let hasTruth: Bool
  /// Different labels of all texts.
  package let labelCount: Int
  private let options: DataSetOptions
  private let lines: [Int]
  /// Where each text's labels begin among all, and at the end their number.
  private let starts: [Int]
  /// One bit for every label of every text.
  private let truthBits: [UInt64]
  /// Of every text, ascending; texts with the same key in the order of the file.
  private let keys: [(key: ExampleKey, position: Int)]

  /// Reads the file at `path`, once (a table whose labels are those that occur in it, twice).
  /// - Throws: ``DataSetError``, naming the line.
  package init(path: String, options: DataSetOptions = DataSetOptions()) throws(DataSetError) {
    var reader = try ExampleReader(path: path, options: options)
    var hasher = FileHasher(reader.file)
    var builder = Builder()
    while let example = try reader.next() {
      builder.add(example)
      hasher.update(to: reader.offset)
    }
    sha256 = try hasher.finish()
    self.path = path
    self.options = options
    hasTruth = builder.hasTruth
    labelCount = builder.labels.count
    lines = builder.lines
    starts = builder.starts
    truthBits = builder.truthBits
    keys = builder.keys.sorted { ($0.key, $0.position) < ($1.key, $1.position) }
  }

  /// Reads the same file again.
  package func reader() throws(DataSetError) -> ExampleReader { try ExampleReader(path: path, options: options) }

  /// Texts in the file.
  package var count: Int { lines.count }
  /// Labels of all texts together.
  package var decisionCount: Int { starts.last ?? 0 }

  /// The line at which the text at `position` begins (of a JSON array, its position), from 1.
  package func line(of position: Int) -> Int { lines[position] }

  /// How many labels the text at `position` is to be given some of.
  package func labelCount(of position: Int) -> Int { starts[position + 1] - starts[position] }

  /// Which labels of the text at `position` are right, in their order; all false where ``hasTruth`` is.
  package func truths(of position: Int) -> [Bool] {
    (starts[position]..<starts[position + 1]).map { truthBits[$0 / 64] >> UInt64($0 % 64) & 1 != 0 }
  }

  /// The positions, in the order of the file, of all texts with these bytes and these labels in this order.
  package func entries(text: String, labels: [String]) -> [Int] {
    let key = ExampleKey(text: text, labels: labels)
    return keys[rank(of: key)...].prefix { $0.key == key }.map(\.position)
  }

  /// The first of these texts that `taken` does not count, which has one element a text, 0 in the beginning, and counts it; `nil`
  /// where there is none. Its cost does not grow with the number of texts that are the same.
  package func take(text: String, labels: [String], taken: inout [UInt32]) -> Int? {
    let key = ExampleKey(text: text, labels: labels)
    let first = rank(of: key)
    guard first < keys.count else { return nil }
    let rank = first + Int(taken[first])
    guard rank < keys.count, keys[rank].key == key else { return nil }
    taken[first] += 1
    return keys[rank].position
  }

  /// How many keys are smaller.
  private func rank(of key: ExampleKey) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private struct Builder {
    var hasTruth = false
    var labels: Set<ExactBytes> = []
    var lines: [Int] = []
    var starts = [0]
    var truthBits: [UInt64] = []
    var keys: [(key: ExampleKey, position: Int)] = []
    private var lastLabels: [ExactBytes] = []

    mutating func add(_ example: DataExample) {
      keys.append((ExampleKey(text: example.text, labels: example.labels), lines.count))
      lines.append(example.line)
      hasTruth = example.truths != nil
      let start = starts.last ?? 0
      let end = start + example.labels.count
      starts.append(end)
      truthBits += repeatElement(0, count: (end + 63) / 64 - truthBits.count)
      for (index, isTrue) in (example.truths ?? []).enumerated() where isTrue {
        truthBits[(start + index) / 64] |= 1 << UInt64((start + index) % 64)
      }
      let labels = example.labels.map(ExactBytes.init)
      // Most files offer every text the same.
      guard labels != lastLabels else { return }
      self.labels.formUnion(labels)
      lastLabels = labels
    }
  }
}

/// Hashes a file piece by piece while it is read, so that it comes from the disk once.
struct FileHasher {
  private let file: MappedFile
  private let hasher = SHA256()
  private var offset = 0

  init(_ file: MappedFile) { self.file = file }

  /// Takes what lies before `end` and has not been taken, if it is worth it.
  mutating func update(to end: Int) {
    guard end - offset >= 1 << 20 else { return }
    take(to: end)
  }

  /// Takes the rest.
  /// - Returns: the digest in lower-case hexadecimal.
  mutating func finish() throws(DataSetError) -> String {
    take(to: file.size)
    try lifting { () throws(ModelCoreError) in try file.checkIntact() }
    return Formatting.hexadecimal(hasher.finish())
  }

  private mutating func take(to end: Int) {
    file.withBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[offset..<end])) }
    offset = end
  }
}
