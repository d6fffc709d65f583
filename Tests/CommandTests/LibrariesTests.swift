import Foundation
import Testing

/// What `gliclass` loads: an edge box needs the one binary and the one file.
@Suite struct LibrariesTests {
  /// libc and libm, with the loader and what older systems split off libc.
  static let system = [
    "linux-vdso", "linux-gate", "ld-linux", "ld64", "libc.so", "libm.so", "librt.so", "libdl.so", "libpthread.so",
  ]
  /// Swift's runtime (static in packages), and what that loads by itself.
  static let runtime = [
    "libswift", "libFoundationEssentials", "libdispatch", "libBlocksRuntime", "libstdc++", "libgcc_s",
  ]

  private func libraries(_ program: Program) throws -> [String] {
    let outcome = try ChildProcess.run(["/usr/bin/env", "ldd", program.path])
    try #require(outcome.end == .status(0), "\(outcome)")
    return outcome.lines.compactMap { line in
      line.split(whereSeparator: \.isWhitespace).first?.split(separator: "/").last.map(String.init)
    }
  }

  @Test func onlyTheSystemAndTheRuntime() throws {
    let found = try libraries(.classify)
    #expect(found.contains { $0.hasPrefix("libc.so") })
    for library in found {
      #expect((Self.system + Self.runtime).contains { library.hasPrefix($0) }, "gliclass loads \(library)")
    }
    print(
      "gliclass loads, beside the system's: \(found.filter { name in !Self.system.contains { name.hasPrefix($0) } })")
  }

  @Test func noneOfTheConverters() throws {
    let found = try libraries(.classify)
    for name in [
      "openblas", "crypto", "zip", "sentencepiece", "json-c", "gfortran", "protobuf", "libFoundation.so", "ICU",
      "Internationalization",
    ] {
      #expect(!found.contains { $0.contains(name) }, "\(name) in \(found)")
    }
  }

  /// The test can tell: the converter does load some of them.
  @Test func theConverterLoadsThem() throws {
    let found = try libraries(.convert)
    #expect(found.contains { $0.contains("sentencepiece") })
  }
}
