import Testing
import Verification

@Suite final class LabelListTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func lists() throws {
    #expect(LabelList.split(" a,b c ,, d") == ["a", "b c", "", "d"])
    let lines = try folder.write("names.txt", "World\n\n Sports \nSci/Tech\n")
    #expect(try LabelList.readOrSplit(lines) == ["World", "Sports", "Sci/Tech"])
    #expect(try LabelList.read(folder.write("names.json", "[\"b\", \"a\"]")) == ["b", "a"])
    #expect(try LabelList.readOrSplit("x, y") == ["x", "y"])
    // A name of a file that is not there is no list of one.
    let path = folder.path + "/absent.txt"
    let error = verificationError { () throws(VerificationError) in try LabelList.readOrSplit(path) }
    #expect(error?.exitStatus == .missingInput)
  }
}
