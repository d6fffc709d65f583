import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Files that are damaged, or made to do harm: each is one error, and none a trap.
@Suite struct BadFileTests {
  private let good: GoodFile
  private let folder: TemporaryFolder

  init() throws {
    good = try GoodFile()
    folder = try TemporaryFolder()
  }

  private func error(_ change: (inout [UInt8]) throws -> Void) rethrows -> GLCFormatError? {
    var bytes = good.bytes
    try change(&bytes)
    do {
      _ = try bytes.open(folder)
      return nil
    } catch let error as GLCFormatError {
      #expect(error.message.contains("spoilt.glc"), "\(error.message) names the file")
      #expect(!error.message.contains("\n"))
      return error
    } catch {
      Issue.record("\(error) is no error of this module")
      return nil
    }
  }

  @Test func theUnspoiltFileOpens() throws {
    #expect(error { _ in } == nil)
    #expect(error { $0.mendChecksums() } == nil)
  }

  @Test func missingFilesAndFoldersAreNamed() {
    #expect(throws: GLCFormatError.self) { try GLCFile(path: folder.file("none.glc")) }
    #expect(throws: GLCFormatError.self) { try GLCFile(path: folder.path) }
    do { _ = try GLCFile(path: folder.file("none.glc")) } catch { #expect(error.exitStatus == .missingInput) }
  }

  @Test func truncatedFilesAreRefusedAtEveryLength() throws {
    let some = Array(stride(from: 200, to: good.bytes.count, by: 9973))
    let lengths = Array(0..<200) + some + [good.bytes.count - 1]
    for length in lengths {
      let error = error { $0.removeSubrange(length...) }
      switch error {
      case .notGLC: #expect(length < 64)
      case .wrongSize: #expect(length >= 64)
      default: Issue.record("\(length) bytes: \(String(describing: error))")
      }
    }
  }

  @Test func longerFilesAreRefused() {
    guard case .wrongSize = error({ $0.append(0) }) else {
      Issue.record("a byte more was accepted")
      return
    }
  }

  @Test func everyFlippedBitOfTheHeaderIsFound() {
    let size = Int(good.integer(12, 4))
    for offset in 0..<size {
      for bit in 0..<8 where error({ $0[offset] ^= 1 << bit }) == nil { Issue.record("byte \(offset), bit \(bit)") }
    }
  }

  @Test(arguments: [(1, "metadata"), (2, "tensor directory"), (3, "tokenizer")])
  func flippedBitsOfASectionAreFoundByItsName(_ kind: Int, _ name: String) throws {
    let range = try good.section(kind).range
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: max(1, range.count / 150)) {
      guard case .checksumMismatch(_, let part, _, _) = error({ $0[offset] ^= 0x10 }) else {
        Issue.record("byte \(offset) of \(name)")
        continue
      }
      #expect(part == name)
    }
  }

  @Test func flippedTensorDataIsFoundByTheFullCheck() throws {
    let range = try good.section(4).range
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: range.count / 20) {
      var bytes = good.bytes
      bytes[offset] ^= 1
      let file = try bytes.open(folder)
      #expect(throws: GLCFormatError.self) { try file.checkTensorData() }
    }
  }

  @Test func otherVersionsAreRefusedByVersion() {
    for version: UInt64 in [0, 3, 65_535] {
      guard case .unsupportedVersion(_, "\(version).0", "1.x, 2.x") = error({ $0.put(version, at: 8, 2) }) else {
        Issue.record("major version \(version)")
        continue
      }
    }
    // Version 2 says more: what version 1 does not say is missed, by its name.
    let other = error {
      $0.put(2, at: 8, 2)
      $0.mendChecksums()
    }
    #expect(other?.message.contains("model.attention_parts") == true)
    #expect(
      error {
        $0.put(7, at: 10, 2)
        $0.mendChecksums()
      } == nil, "a minor version only adds")
    guard
      case .unsupportedNumerics(_, 2, 1) = error({
        $0.put(2, at: 24, 4)
        $0.mendChecksums()
      })
    else {
      Issue.record("numerics revision 2")
      return
    }
  }

  @Test func unknownSectionsAreSkippedOnlyWhereTheyAreOptional() throws {
    let entry = try good.section(1).entry
    guard
      case .unknownSection(_, 77) = error({
        $0.put(77, at: entry, 4)
        $0.mendChecksums()
      })
    else {
      Issue.record("an unknown section was accepted")
      return
    }
    guard
      case .missingSection(_, "metadata") = error({
        $0.put(77, at: entry, 4)
        $0.put(1, at: entry + 4, 4)
        $0.mendChecksums()
      })
    else {
      Issue.record("optional, but the metadata is gone")
      return
    }
  }

  @Test func sectionTablesThatLieAreRefused() throws {
    let entry = try good.section(3).entry
    let lies: [(String, (inout [UInt8]) -> Void)] = [
      ("an offset off 64 KiB", { $0.put(65_537, at: entry + 8, 8) }),
      ("an offset beyond the file", { $0.put(1 << 40, at: entry + 8, 8) }),
      ("an offset near 2^64", { $0.put(.max - 65_535, at: entry + 8, 8) }),
      ("a size beyond the file", { $0.put(1 << 40, at: entry + 16, 8) }),
      ("a size that overflows", { $0.put(.max, at: entry + 16, 8) }),
      ("two sections of a kind", { $0.put(2, at: entry, 4) }),
      ("overlapping sections", { $0.put(0, at: entry + 8, 8) }),
      ("no sections", { $0.put(0, at: 28, 4) }),
      ("too many sections", { $0.put(65, at: 28, 4) }),
    ]
    for (name, lie) in lies {
      let error = error {
        lie(&$0)
        $0.mendChecksums()
      }
      guard case .malformed = error else {
        Issue.record("\(name): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func metadataThatLiesIsRefusedByField() throws {
    let range = try good.section(1).range
    let text = String(decoding: good.bytes[range], as: UTF8.self)
    let lies = [
      ("\"hidden_size\": 64", "\"hidden_size\": 65"), ("\"hidden_size\": 64", "\"hidden_size\": -4"),
      ("\"layers\": 2", "\"layers\": 9"), ("\"scorer\": \"simple\"", "\"scorer\": \"simplx\""),
      ("\"attention\": \"f32\"", "\"attention\": \"f99\""), ("\"prompt_first\": true", "\"prompt_first\": null"),
      ("\"head_activations\": \"int8x2\"", "\"head_activations\": \"f32\""),
      ("\"label_token\":", "\"label_tokem\":"), ("\"architecture\"", "\"architectura\""),
    ]
    for (honest, lie) in lies {
      #expect(text.contains(honest), "the fixture has \(honest)")
      var bytes = good.bytes
      let spoilt = Array(text.replacing(honest, with: lie).utf8)
      #expect(spoilt.count <= range.count + 1)
      bytes.replaceSubrange(range, with: spoilt)
      bytes.put(UInt64(spoilt.count), at: try good.section(1).entry + 16, 8)
      bytes.put(UInt64(bytes.count), at: 16, 8)
      bytes.mendChecksums()
      let path = folder.file("spoilt.glc")
      try Data(bytes).write(to: URL(filePath: path))
      let error = thrown(GLiClassError.self) { try GLiClassModel(path: path) }
      #expect(error?.exitStatus == .badData)
    }
  }
}
