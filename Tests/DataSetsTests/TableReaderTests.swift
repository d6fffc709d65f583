import DataSets
import Foundation
import ModelCore
import Testing

@Suite final class TableReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  struct Vectors: Decodable {
    var cases: [Case]
  }

  struct Case: Decodable {
    var text: String
    var delimiter: String
    var rows: [Row]?
    var error: Bool?
  }

  struct Row: Decodable, Equatable {
    var line: Int
    var fields: [String]
  }

  func rows(_ bytes: [UInt8], delimiter: String = ",") throws -> [Row] {
    let path = try folder.write("table", bytes)
    var reader = TableReader(try MappedFile(path: path), delimiter: try #require(delimiter.utf8.first))
    var rows: [Row] = []
    while let row = try reader.next() { rows.append(Row(line: row.line, fields: row.fields)) }
    #expect(reader.offset == bytes.count)
    return rows
  }

  /// What Python's `csv` reads, and what it refuses.
  @Test func agreesWithPython() throws {
    let file = URL(fileURLWithPath: Fixtures.csv)
    let cases = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).cases
    #expect(cases.count > 400)
    #expect(cases.contains { $0.error == true } && cases.contains { $0.rows != nil })
    for vector in cases {
      let found = Result { try rows(Array(vector.text.utf8), delimiter: vector.delimiter) }
      switch (found, vector.rows) {
      case (.success(let rows), let expected?):
        #expect(rows.elementsEqual(expected) { $0.line == $1.line && sameBytes($0.fields, $1.fields) }, "\(vector)")
      case (.failure(let error), nil): #expect(error is DataSetError)
      default: Issue.record("\(vector): found \(found)")
      }
    }
  }

  private func sameBytes(_ left: [String], _ right: [String]) -> Bool {
    left.elementsEqual(right) { $0.utf8.elementsEqual($1.utf8) }
  }

  func error(_ bytes: [UInt8]) -> (line: Int, expected: String, found: String)? {
    do {
      _ = try rows(bytes)
    } catch let error as DataSetError {
      if case .malformedLine(_, let line, let expected, let found) = error { return (line, expected, found) }
    } catch {}
    return nil
  }

  @Test func errorsNameTheLine() throws {
    let unclosed = try #require(error(Array("a,b\n\nc,\"d\ne\n".utf8)))
    #expect(unclosed.line == 3)
    #expect(unclosed.found == "the end of the file")
    let behind = try #require(error(Array("a,b\n\"c\nd\"e\n".utf8)))
    #expect(behind.line == 3)
    #expect(behind.found == "more text")
    let encoding = try #require(error(Array("a,b\nc,".utf8) + [0xC3, 0x28, 0x0A]))
    #expect(encoding.line == 2)
    #expect(encoding.expected == "UTF-8")
    #expect(encoding.found.contains("field 2"))
    // A surrogate, and more than U+10FFFF.
    for bytes: [UInt8] in [[0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] {
      #expect(error(bytes)?.expected == "UTF-8")
    }
  }

  /// A quote that is not closed does not read the rest of a large file into memory.
  @Test func rowsAreBounded() throws {
    var bytes = Array("a\n\"".utf8) + [UInt8](repeating: 0x61, count: TableReader.maximumRowSize + 9)
    #expect(error(bytes)?.line == 2)
    #expect(error(bytes)?.expected == "a row of at most 64 MiB")
    bytes = [UInt8](repeating: 0x61, count: TableReader.maximumRowSize + 1)
    #expect(error(bytes)?.line == 1)
    bytes.removeLast()
    #expect(try rows(bytes).count == 1)
    bytes += Array("\nb".utf8)
    #expect(error(bytes) == nil)
  }

  @Test func shortened() throws {
    let path = try folder.write("table", String(repeating: "a,b\n", count: 50_000))
    var reader = TableReader(try MappedFile(path: path), delimiter: UInt8(ascii: ","))
    _ = try reader.next()
    try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 10_000)
    let error = dataSetError { () throws(DataSetError) in
      while try reader.next() != nil {}
    }
    #expect(error?.exitStatus == .inputOutput)
  }
}
