import GLiClass
import ModelCore

/// Labels or names of classes from a command line.
package enum LabelList {
  /// Splits `a,b,c` at commas; white space around a label does not belong to it.
  package static func split(_ list: String) -> [String] {
    list.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
      String(Substring($0)).trimmed
    }
  }

  /// Reads a file: text with one label a line, or JSON, a list.
  package static func read(_ path: String) throws(VerificationError) -> [String] {
    try lifting { () throws(GLiClassError) in try LabelSet(contentsOf: path) }.names
  }

  /// Reads the file of this name where there is one, and else splits a list of two labels or more.
  package static func readOrSplit(_ argument: String) throws(VerificationError) -> [String] {
    guard FileIdentity(argument) == nil, argument.utf8.contains(UInt8(ascii: ",")) else { return try read(argument) }
    return split(argument)
  }
}
