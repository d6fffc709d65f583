// swift-tools-version: 6.0
import PackageDescription

// A package of its own, because the executable takes its `main` from libFuzzer: it links only where everything is built
// for the fuzzer, which Scripts/fuzz does. The functions that it calls are in Tests/FuzzTargets of the main package.
let package = Package(
  name: "fuzzing",
  dependencies: [.package(name: "gliclass-toolchain", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz", dependencies: [.product(name: "FuzzTargets", package: "gliclass-toolchain")])
  ]
)
