import FuzzTargets
import Glibc

/// The target that the variable FUZZ_TARGET names.
private let target: FuzzTarget = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    print("FUZZ_TARGET: expected one of \(FuzzTarget.all.map(\.name).joined(separator: ", ")), found \"\(name)\"")
    exit(64)
  }
  return target
}()

/// Whether to say what becomes of each input: for looking at a few.
private let isVerbose = getenv("FUZZ_VERBOSE") != nil

/// libFuzzer's entry point (https://llvm.org/docs/LibFuzzer.html).
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let (outcome, violation) = target.run(UnsafeRawBufferPointer(start: start, count: count))
  if isVerbose { print(outcome) }
  if let violation { fatalError(violation) }
  return 0
}
