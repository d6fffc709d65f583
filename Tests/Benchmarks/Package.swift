// swift-tools-version: 6.0
import PackageDescription

// A package of its own, so that building and testing the main one does not build it:
//   swift run -c release --package-path Tests/Benchmarks KernelBenchmarks [instruction set …]
let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "gliclass-toolchain", path: "../..")],
  targets: [
    .executableTarget(
      name: "KernelBenchmarks", dependencies: [.product(name: "CKernels", package: "gliclass-toolchain")])
  ]
)
