import Glibc
import ModelCore

/// One data set of a folder of them: `NAME.jsonl` (or `.json`, `.csv`, `.tsv`), with `NAME.reference.jsonl` beside it where its
/// reference is a file.
package struct SuiteSet: Sendable, Equatable {
  /// The file's name without its ending.
  package var name: String
  package var data: String
  /// `nil` where there is none.
  package var reference: String?

  private static let endings = ["jsonl", "json", "csv", "tsv"]
  private static let referenceEnding = ".reference.jsonl"

  /// The data sets of `folder`, by name.
  /// - Parameter needsReferences: whether each must have its reference beside it.
  /// - Throws: ``VerificationError/noDataSets(path:)``, ``VerificationError/noDataSet(path:name:)``, ``VerificationError/noReference(path:expected:)``,
  ///   ``VerificationError/twoDataSets(path:name:)``.
  package static func all(in folder: String, needsReferences: Bool) throws(VerificationError) -> [SuiteSet] {
    let names = try lifting { () throws(ModelCoreError) in try fileNames(in: folder) }
    let references = Set(names.filter { $0.hasSuffix(referenceEnding) })
    var sets: [SuiteSet] = []
    var stems: Set<String> = []
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !references.contains(name) {
      guard let ending = endings.first(where: { name.hasSuffix(".\($0)") }) else { continue }
      let stem = String(name.dropLast(ending.utf8.count + 1))
      guard stems.insert(stem).inserted else { throw .twoDataSets(path: folder, name: stem) }
      let reference = stem + referenceEnding
      let hasReference = references.contains(reference)
      guard hasReference || !needsReferences else {
        throw .noReference(path: "\(folder)/\(name)", expected: reference)
      }
      sets.append(
        SuiteSet(name: stem, data: "\(folder)/\(name)", reference: hasReference ? "\(folder)/\(reference)" : nil))
    }
    // A set that was taken away is missed.
    for reference in references.sorted() {
      let stem = String(reference.dropLast(referenceEnding.utf8.count))
      guard stems.contains(stem) else { throw .noDataSet(path: "\(folder)/\(reference)", name: stem) }
    }
    guard !sets.isEmpty else { throw .noDataSets(path: folder) }
    return sets
  }

  private static func fileNames(in folder: String) throws(ModelCoreError) -> [String] {
    guard let directory = opendir(folder) else { throw .cannotOpen(path: folder, reason: systemReason()) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}
