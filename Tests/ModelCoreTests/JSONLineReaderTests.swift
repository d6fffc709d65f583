import Foundation
import ModelCore
import Testing

@Suite final class JSONLineReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Lines come one at a time: those before a bad one are there, and the bad one is named.
  @Test func readsWhileItGoes() throws {
    let path = try folder.write("lines", Array("1\n\n[2, 3]\r\n  \n{\"a\": 4}\nnot JSON\n5\n".utf8))
    var reader = JSONLineReader(try MappedFile(path: path))
    #expect(try reader.next()?.value.int == 1)
    #expect(reader.offset == 2)
    #expect(try reader.next()?.value.count == 2)
    let third = try #require(try reader.next())
    #expect(third.line == 5)
    #expect(third.value.member("a")?.int == 4)
    #expect(throws: ModelCoreError.self) { try reader.next() }
  }

  @Test func arraysGiveTheirElements() throws {
    let path = try folder.write("array", Array(" \n[1,\n\"x\", null]\n".utf8))
    var reader = JSONLineReader(try MappedFile(path: path))
    #expect(try reader.next()?.value.int == 1)
    let second = try #require(try reader.next())
    #expect(second.line == 2)
    #expect(second.value.string == "x")
    #expect(try reader.next()?.value.isNull == true)
    #expect(try reader.next() == nil)
    #expect(try reader.next() == nil)
    #expect(reader.offset == 17)
  }

  @Test(arguments: ["", "\n", " \r\n\t\n"])
  func nothing(_ text: String) throws {
    var reader = JSONLineReader(try MappedFile(path: folder.write("empty", Array(text.utf8))))
    #expect(try reader.next() == nil)
    #expect(reader.offset == text.utf8.count)
    #expect(try JSONLines.read(folder.path + "/empty").isEmpty)
  }

  /// A line has an end before it is all the memory there is.
  @Test func longLine() throws {
    let path = try folder.write("long-line", Array("{}\n".utf8))
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 3 + (64 << 20) + 1)
    try handle.close()
    var reader = JSONLineReader(try MappedFile(path: path))
    #expect(try reader.next()?.line == 1)
    let error = coreError { () throws(ModelCoreError) in try reader.next() }
    #expect(error?.message == "\(path): line 2: invalid JSON at byte 67108864: longer than 64 MiB")
  }

  /// More than is kept of a mapping at once; the values stay valid.
  @Test func longFiles() throws {
    let text = (0..<200_000).map { "{\"number\": \($0), \"text\": \"\(String(repeating: "x", count: 50))\"}\n" }
      .joined()
    let path = try folder.write("long", Array(text.utf8))
    var reader = JSONLineReader(try MappedFile(path: path))
    var kept: [JSONValue] = []
    var number = 0
    while let (line, value) = try reader.next() {
      number += 1
      #expect(line == number)
      if number % 50_000 == 1 { kept.append(value) }
    }
    #expect(number == 200_000)
    #expect(kept.map { $0.member("number")?.int } == [0, 50_000, 100_000, 150_000])
  }

  /// A file that becomes shorter while it is read is never taken for a short one.
  @Test func shortened() throws {
    let path = try folder.write("cut", Array(String(repeating: "{\"a\": 1}\n", count: 10_000).utf8))
    var reader = JSONLineReader(try MappedFile(path: path))
    _ = try reader.next()
    try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: 9 * 100)
    #expect {
      while try reader.next() != nil {}
    } throws: { error in
      if case .readFailed = error as? ModelCoreError { true } else { false }
    }
  }
}
