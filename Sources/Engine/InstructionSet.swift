import CKernels
import Glibc

/// The kernels of one instruction set. All give the same bits (formats/numerics.md); they differ in speed alone.
public struct InstructionSet: Sendable, CustomStringConvertible {
  // SAFETY: points to a constant table of the C target.
  nonisolated(unsafe) let kernels: UnsafePointer<glck_kernels>

  /// `scalar`, `avx2`, `avx512vnni`, …
  public let name: String
  /// The same as ``name``.
  public var description: String { name }

  private init(_ kernels: UnsafePointer<glck_kernels>) {
    self.kernels = kernels
    name = String(cString: kernels.pointee.name)
  }

  /// The names of all instruction sets compiled in for this architecture, slowest first.
  public static var compiledNames: [String] {
    (0..<glck_kernels_count()).map { String(cString: glck_kernels_name($0)) }
  }

  /// The instruction sets that this machine runs, slowest first; `scalar` is always there.
  public static var available: [InstructionSet] {
    (0..<glck_kernels_count()).compactMap { glck_kernels_at($0).map(InstructionSet.init) }
  }

  /// The fastest that this machine runs.
  public static var best: InstructionSet { InstructionSet(glck_kernels_best()) }

  /// The one called `name`.
  /// - Throws: ``EngineError/unknownInstructionSet(name:known:)``,
  ///   ``EngineError/unavailableInstructionSet(name:available:)``.
  public static func named(_ name: String) throws(EngineError) -> InstructionSet {
    guard compiledNames.contains(name) else { throw .unknownInstructionSet(name: name, known: compiledNames) }
    guard let found = available.first(where: { $0.name == name }) else {
      throw .unavailableInstructionSet(name: name, available: available.map(\.name))
    }
    return found
  }

  /// What the environment variable `GLC_ISA` asks for, or the best.
  public static func fromEnvironment() throws(EngineError) -> InstructionSet {
    guard let name = getenv("GLC_ISA").map({ String(cString: $0) }) else { return best }
    return try named(name)
  }
}
