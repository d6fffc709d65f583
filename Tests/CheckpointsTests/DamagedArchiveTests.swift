import Checkpoints
import Foundation
import ModelCore
import Testing

/// Real files cut short or damaged at random. Of a damaged file nothing is asserted but that there is an outcome: an error
/// as all are written, or tensors that can be read.
@Suite struct DamagedArchiveTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static func fixture(_ name: String) throws -> [UInt8] { try contents(Fixtures.container(name)) }

  /// Whether the file is refused; reads everything in it where it is not.
  private func isRefused(_ bytes: [UInt8], _ comment: Comment) throws -> Bool {
    let path = try folder.write("damaged.pt", bytes)
    do throws(CheckpointError) {
      let file = try PyTorchFile(path: path)
      for tensor in file.tensors {
        var count = 0
        try tensor.withStoredBytes(elements: 0..<tensor.elementCount) { count = $0.count }
        #expect(count == tensor.byteCount, comment)
        guard tensor.dtype != nil else { continue }
        let floats = try tensor.floats()
        #expect(floats.count == tensor.elementCount, comment)
      }
      return false
    } catch {
      expectUserMessage(error, path: path, comment)
      return true
    }
  }

  @Test(arguments: ["protocol_4.pt", "deflated.pt", "no_crc.pt"])
  func everyTruncationIsRefused(_ name: String) throws {
    let whole = try Self.fixture(name)
    for length in 0..<whole.count {
      let path = try folder.write("cut.pt", Array(whole[..<length]))
      let error = checkpointError { () throws(CheckpointError) in try PyTorchFile(path: path) }
      #expect(error == (length < 4 ? .notPyTorch(path: path, size: length) : .zip(path: path, .noEndRecord)))
    }
  }

  /// A byte more or less anywhere shifts all that follows: the directory is no longer where it is said to be, or, behind its
  /// beginning, no longer what it was.
  @Test func insertedAndRemovedBytesAreRefused() throws {
    let whole = try Self.fixture("views.pt")
    for position in stride(from: 0, to: whole.count, by: 13) {
      var changed = whole
      changed.insert(0, at: position)
      #expect(try isRefused(changed, "a byte at \(position)"))
      changed = whole
      changed.remove(at: position)
      #expect(try isRefused(changed, "no byte at \(position)"))
    }
  }

  /// Every byte of the pickle is under its checksum, every one of the end record is needed.
  @Test func everyDamagedByteOfThePickleIsRefused() throws {
    let whole = TorchArchive.builder()
    let start = whole.layout.data[TorchArchive.pickleEntry]
    for offset in 0..<TorchArchive.pickle.count {
      var bytes = whole.bytes
      bytes[start + offset] ^= 1 << UInt8(offset % 8)
      #expect(try isRefused(bytes, "byte \(offset)"))
    }
    for offset in whole.layout.end..<whole.layout.end + 22 {
      var bytes = whole.bytes
      bytes[offset] ^= 0x41
      #expect(try isRefused(bytes, "byte \(offset - whole.layout.end) of the end record"))
    }
  }

  /// Of an archive with checksums: damage to its structure, to the pickle's deflated stream, and to storages.
  @Test(arguments: ["views.pt", "deflated.pt", "no_crc.pt", "micro-zip/pytorch_model.bin"])
  func damagedArchivesNeverTrap(_ name: String) throws {
    let whole = try Self.fixture(name)
    var random = SplitMix(state: UInt64(whole.count))
    var refused = 0
    for round in 0..<1500 {
      var bytes = whole
      // Half of the damage goes to the directory and the end of the archive.
      let start = round % 2 == 0 ? 0 : max(0, whole.count - 1500)
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        bytes.damage(in: start..<whole.count, using: &random)
      }
      if try isRefused(bytes, "round \(round)") { refused += 1 }
    }
    #expect(refused > 300, "\(refused) of 1500")
  }

  /// A pickle with damage that its checksum covers: the machine sees it.
  @Test(arguments: ["protocol_2.pt", "protocol_4.pt", "nested_model.pt", "parameters.pt", "module_state_dict.bin"])
  func damagedPicklesNeverTrap(_ name: String) throws {
    let (builder, pickle) = try Self.rebuilt(name)
    #expect(try isRefused(builder.bytes, "as it is") == false)
    var random = SplitMix(state: UInt64(pickle.count))
    var refused = 0
    for round in 0..<2000 {
      var damaged = pickle
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        damaged.damage(in: 0..<damaged.count, using: &random)
      }
      if round % 8 == 0 { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
      var copy = builder
      copy.entries[0] = ZipBuilder.Entry("archive/data.pkl", damaged)
      if try isRefused(copy.bytes, "round \(round)") { refused += 1 }
    }
    #expect(refused > 500, "\(refused) of 2000")
  }

  /// The stored entries of a fixture packed again, the pickle first, found by its directory.
  private static func rebuilt(_ name: String) throws -> (ZipBuilder, pickle: [UInt8]) {
    let bytes = try fixture(name)
    func number(_ offset: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
    var entries: [ZipBuilder.Entry] = []
    var record = number(bytes.count - 6, 4)
    while number(record, 4) == 0x0201_4B50 {
      let nameSize = number(record + 28, 2)
      let header = number(record + 42, 4)
      let start = header + 30 + number(header + 26, 2) + number(header + 28, 2)
      let path = String(decoding: bytes[record + 46..<record + 46 + nameSize], as: UTF8.self)
      let entry = path.split(separator: "/", maxSplits: 1).last.map(String.init) ?? path
      entries.append(.init("archive/\(entry)", Array(bytes[start..<start + number(record + 20, 4)])))
      record += 46 + nameSize + number(record + 30, 2) + number(record + 32, 2)
    }
    let isPickle = { (entry: ZipBuilder.Entry) in entry.local.name == Array("archive/data.pkl".utf8) }
    let pickle = try #require(entries.first(where: isPickle))
    return (ZipBuilder([pickle] + entries.filter { !isPickle($0) }), pickle.packed)
  }
}

extension [UInt8] {
  /// One byte becomes another: a random one, one nearby, or one with another bit.
  fileprivate mutating func damage(in range: Range<Int>, using random: inout SplitMix) {
    let position = Int.random(in: range, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: self[position] = .random(in: 0...255, using: &random)
    case 1: self[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: self[position] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
    default: self[position] = self[Int.random(in: range, using: &random)]
    }
  }
}
