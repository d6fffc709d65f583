// swift-tools-version: 6.0
import PackageDescription

// Data flows one way: every target imports only targets listed above it.
// docs/architecture.md walks the same list in run order.
let package = Package(
  name: "gliclass-toolchain",
  products: [
    .library(name: "GLiClass", targets: ["GLiClass"]),
    .executable(name: "gliclass-convert", targets: ["ConvertCommand"]),
    .executable(name: "gliclass-verify", targets: ["VerifyCommand"]),
    .executable(name: "gliclass", targets: ["ClassifyCommand"]),
    // For Scripts/arm64 alone.
    .executable(name: "logit-hashes", targets: ["LogitHashes"]),
    // For Tests/Fuzzing alone: a package can use no target of another that is in no product.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    // Likewise for Tests/Benchmarks.
    .library(name: "CKernels", targets: ["CKernels"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // System libraries. json-c is linked statically (the archive is named in its module map), because
    // the runtime may load nothing beyond libc and libm; that is why it has no pkgConfig, which would add -ljson-c.
    .systemLibrary(name: "CJSON", providers: [.apt(["libjson-c-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    // No pkgConfig either: sentencepiece.pc also lists the trainer, which nothing here needs.
    .systemLibrary(name: "CSentencePieceLibrary", providers: [.apt(["libsentencepiece-dev"])]),

    // Our own C: signal-safe mapping guard, SIMD kernels, and SentencePiece's C++ behind a C face.
    .target(name: "CPlatform"),
    .target(name: "CKernels"),
    .target(
      name: "CSentencePiece", dependencies: ["CSentencePieceLibrary"],
      linkerSettings: [.linkedLibrary("sentencepiece")]),

    .target(name: "ModelCore", dependencies: ["CJSON", "CPlatform"]),
    .target(name: "Tokenization", dependencies: ["ModelCore"]),
    .target(name: "GLCFormat", dependencies: ["ModelCore", "CKernels"]),
    .target(name: "Engine", dependencies: ["ModelCore", "GLCFormat", "CKernels", "CPlatform"]),
    .target(name: "GLiClass", dependencies: ["ModelCore", "GLCFormat", "Tokenization", "Engine"]),

    .target(name: "Hashing", dependencies: ["CLibCrypto"]),
    .target(name: "Checkpoints", dependencies: ["ModelCore", "Hashing", "CKernels", "CLibZip", "CPCRE2"]),
    .target(name: "TokenizerCompiler", dependencies: ["ModelCore", "Tokenization", "Checkpoints", "CSentencePiece"]),
    .target(name: "DataSets", dependencies: ["ModelCore", "Hashing"]),
    .target(name: "Quantization", dependencies: ["COpenBLAS"]),
    .target(name: "ReferenceModel", dependencies: ["ModelCore", "Checkpoints", "COpenBLAS"]),
    .target(
      name: "Calibration", dependencies: ["ModelCore", "Checkpoints", "ReferenceModel", "Quantization", "COpenBLAS"]),
    .target(
      name: "Conversion",
      dependencies: [
        "ModelCore", "Checkpoints", "Tokenization", "TokenizerCompiler", "GLCFormat", "Quantization", "Calibration",
        "CKernels",
      ]),
    .target(
      name: "Verification",
      dependencies: [
        "ModelCore", "Checkpoints", "TokenizerCompiler", "Tokenization", "GLCFormat", "Engine", "ReferenceModel",
        "GLiClass", "DataSets",
      ]),

    .target(
      name: "RecipeSearch",
      dependencies: [
        "ModelCore", "Hashing", "Checkpoints", "Tokenization", "GLCFormat", "Engine", "GLiClass", "Quantization",
        "Conversion", "DataSets", "Verification",
      ]),

    // The programs. CommandSupport is what they share; these four alone print or exit.
    .target(
      name: "CommandSupport",
      dependencies: ["ModelCore", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .executableTarget(
      name: "ConvertCommand",
      dependencies: [
        "CommandSupport", "Conversion", "RecipeSearch", "Verification", "Tokenization", "ModelCore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "VerifyCommand",
      dependencies: [
        "CommandSupport", "Verification", "DataSets", "Checkpoints", "GLiClass", "GLCFormat", "Tokenization",
        "ModelCore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "ClassifyCommand",
      dependencies: [
        "CommandSupport", "GLiClass", "GLCFormat", "Tokenization", "Engine", "ModelCore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests. TestSupport finds fixtures and converts them into temporary folders.
    .target(
      name: "TestSupport", dependencies: ["ModelCore", "Hashing", "Conversion", "Engine", "GLiClass"],
      path: "Tests/TestSupport"),
    // What Scripts/arm64 runs on every processor.
    .executableTarget(
      name: "LogitHashes", dependencies: ["TestSupport", "Conversion", "Engine"], path: "Tests/LogitHashes"),
    // The AMX product's source over tile registers in plain C.
    .target(name: "EmulatedAMX", dependencies: ["CKernels"], path: "Tests/EmulatedAMX"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "EmulatedAMX"]),
    .testTarget(name: "ModelCoreTests", dependencies: ["ModelCore", "CPlatform"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "ModelCore"]),
    .testTarget(
      name: "TokenizationTests",
      dependencies: ["Tokenization", "TokenizerCompiler", "CSentencePiece", "CLibZip", "CKernels", "ModelCore"]),
    .testTarget(
      name: "CalibrationTests",
      dependencies: ["Calibration", "Checkpoints", "ReferenceModel", "Quantization", "ModelCore", "TestSupport"]),
    .testTarget(name: "HashingTests", dependencies: ["Hashing", "ModelCore"]),
    .testTarget(name: "DataSetsTests", dependencies: ["DataSets", "ModelCore"]),
    .testTarget(name: "QuantizationTests", dependencies: ["Quantization"]),
    .testTarget(
      name: "GLCFormatTests",
      dependencies: ["GLCFormat", "Conversion", "GLiClass", "ModelCore", "CKernels", "TestSupport"]),
    .testTarget(
      name: "ReferenceModelTests", dependencies: ["ReferenceModel", "Checkpoints", "ModelCore", "TestSupport"]),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "Engine", "GLiClass", "GLCFormat", "Conversion", "ModelCore", "TestSupport", "AllocationCounter",
      ]),
    .testTarget(
      name: "ConversionTests",
      dependencies: [
        "Conversion", "Checkpoints", "GLCFormat", "GLiClass", "ModelCore", "Quantization", "TestSupport",
      ]),
    .testTarget(
      name: "GLiClassTests",
      dependencies: ["GLiClass", "GLCFormat", "Engine", "Conversion", "ModelCore", "TestSupport"]),
    .testTarget(
      name: "VerificationTests",
      dependencies: [
        "Verification", "Conversion", "GLiClass", "GLCFormat", "Tokenization", "TokenizerCompiler", "Checkpoints",
        "ReferenceModel", "ModelCore", "Engine", "DataSets", "TestSupport",
      ]),
    .testTarget(
      name: "RecipeSearchTests",
      dependencies: [
        "RecipeSearch", "Verification", "Conversion", "DataSets", "Quantization", "GLiClass", "GLCFormat", "ModelCore",
        "TestSupport",
      ]),
    // What the fuzzer calls (docs/fuzzing.md), and tests that replay what it kept.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Checkpoints", "GLiClass", "GLCFormat", "Tokenization", "TokenizerCompiler", "ModelCore", "CKernels",
        "CPlatform", "DataSets", "Verification",
      ],
      path: "Tests/FuzzTargets"),
    .testTarget(name: "FuzzReplayTests", dependencies: ["FuzzTargets"]),
    .testTarget(
      name: "CommandTests", dependencies: ["ConvertCommand", "VerifyCommand", "ClassifyCommand", "TestSupport"]),
  ],
  cxxLanguageStandard: .cxx17
)
