import CKernels

/// Prints a table, a row a kernel and shape, a column an instruction set: those named in the arguments, or all that this
/// machine runs but scalar.
@main
enum KernelBenchmarks {
  struct Column {
    var kernels: glck_kernels
    /// Operations a second on registers alone.
    var int8Limit: Double
    var f32Limit: Double

    init(_ kernels: glck_kernels) {
      self.kernels = kernels
      func limit(_ loop: @convention(c) (UInt64) -> UInt64) -> Double {
        let iterations: UInt64 = 20_000
        return 2 * Double(loop(iterations)) / seconds { _ = loop(iterations) }
      }
      int8Limit = limit(kernels.int8_limit)
      f32Limit = limit(kernels.f32_limit)
    }
  }

  static func main() {
    let named = Array(CommandLine.arguments.dropFirst())
    let columns = (0..<glck_kernels_count()).compactMap { index -> Column? in
      let name = String(cString: glck_kernels_name(index))
      guard named.isEmpty ? name != "scalar" : named.contains(name) else { return nil }
      return glck_kernels_at(index).map { Column($0.pointee) }
    }
    let environment = glck_enter()
    defer { glck_leave(environment) }
    print("products in GOPS or GFLOPS and percent of the limit on registers, the others in ns an element; medians")
    row("", columns.map { String(cString: $0.kernels.name) })
    row("limit of int8", columns.map { rounded($0.int8Limit / 1e9) })
    row("limit of f32", columns.map { rounded($0.f32Limit / 1e9) })
    for benchmark in Benchmark.all() {
      row(
        benchmark.name,
        columns.map { column in
          let seconds = seconds(benchmark.prepare(column.kernels))
          func rate(_ operations: Double, _ limit: Double) -> String {
            "\(rounded(operations / seconds / 1e9)) (\(Int((100 * operations / seconds / limit).rounded()))%)"
          }
          switch benchmark.unit {
          case .int8(let operations): return rate(operations, column.int8Limit)
          case .f32(let operations): return rate(operations, column.f32Limit)
          case .element(let elements): return rounded(seconds / elements * 1e9)
          }
        })
    }
    print("time with int4 weights over time with int8 weights, in turns")
    for benchmark in Int4Benchmark.all() {
      row(benchmark.name, columns.map { rounded(benchmark.ratio($0.kernels)) })
    }
  }

  static func row(_ name: String, _ cells: [String]) {
    let label = name + String(repeating: " ", count: max(0, 52 - name.count))
    print(label + cells.map { $0.padded(14) }.joined())
  }
}
