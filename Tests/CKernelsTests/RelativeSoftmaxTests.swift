import CKernels
import Testing

/// One head's scores for some queries of one text.
struct RelativeSoftmaxCase {
  enum Columns { case linear, logarithmic, few, skipping }

  var keys: Int
  var positions: [Int]
  var columns = Columns.logarithmic
  var queryPart = true
  var keyPart = true
  var magnitude: Float = 3

  init(
    keys: Int, positions: [Int]? = nil, columns: Columns = .logarithmic, queryPart: Bool = true, keyPart: Bool = true,
    magnitude: Float = 3
  ) {
    self.keys = keys
    self.positions = positions ?? Array(0..<keys)
    self.columns = columns
    self.queryPart = queryPart
    self.keyPart = keyPart
    self.magnitude = magnitude
  }

  /// For the distances key - query from 1 - keys to keys - 1, and 15 more.
  func columnTable() -> [Int32] {
    let table: [Int] = (1 - keys...keys - 1).map { distance in
      let r = -distance
      switch columns {
      case .linear: return r + keys - 1
      case .logarithmic:
        // One bucket a position to 8, one for four beyond: runs, and repeats.
        let bucket = abs(r) <= 8 ? abs(r) : 8 + (abs(r) - 8 + 3) / 4
        return (r < 0 ? -bucket : bucket) + keys
      case .skipping: return r < 0 ? 0 : r < 5 ? r : r < 20 ? 3 * r : 100
      case .few: return min(max(r + 2, 0), 3)
      }
    }
    // The last is repeated for what a window of 16 reads behind it.
    return (table + [Int](repeating: table.last ?? 0, count: 15)).map { Int32($0) }
  }

  struct Result: Equatable {
    var scores: Bytes
    var sums: [UInt32]
  }

  struct Operands {
    let table: Guarded<Int32>
    let width: Int
    let scores: [Float]
    let queryRelative: Guarded<Float>
    let keyRelative: Guarded<Float>
  }

  var scoreStride: Int { keys + 3 }
  var scale: Float { 0.21 }

  func operands() -> Operands {
    var random = Random(UInt64(keys * 3 + positions.count))
    let table = columnTable()
    let width = Int(table.max() ?? 0) + 1
    return Operands(
      table: Guarded(table), width: width,
      scores: random.floats((positions.count - 1) * scoreStride + keys, magnitude),
      queryRelative: Guarded(random.floats(positions.count * width + 15, magnitude)),
      keyRelative: Guarded(random.floats(keys * width + 15, magnitude)))
  }

  /// All but where the results go.
  func arguments(
    _ operands: Operands, scores: UnsafeMutablePointer<Float>, positions: UnsafeMutablePointer<UInt32>
  ) -> glck_relative_softmax {
    var softmax = glck_relative_softmax()
    softmax.rows = self.positions.count
    softmax.keys = keys
    softmax.positions = UnsafePointer(positions)
    softmax.scores = scores
    softmax.score_stride = scoreStride
    softmax.query_relative = queryPart ? UnsafePointer(operands.queryRelative.pointer) : nil
    softmax.query_relative_stride = operands.width
    softmax.key_relative = keyPart ? UnsafePointer(operands.keyRelative.pointer) : nil
    softmax.key_relative_stride = operands.width
    softmax.columns = UnsafePointer(operands.table.pointer)
    softmax.columns_skip = columns == .skipping ? 1 : 0
    softmax.scale = scale
    return softmax
  }

  func run(_ kernels: glck_kernels, _ operands: Operands) -> Result {
    let scores = Guarded(operands.scores)
    let sums = Guarded<Float>(positions.count)
    let positions = Guarded(self.positions.map { UInt32($0) })
    var softmax = arguments(operands, scores: scores.pointer, positions: positions.pointer)
    softmax.row_sums = sums.pointer
    let environment = glck_enter()
    #expect(kernels.relative_softmax(&softmax) == 0)
    glck_leave(environment)
    #expect(scores.isIntact && sums.isIntact)
    return Result(scores: scores.bytes, sums: sums.elements.map(\.bitPattern))
  }

  /// The definition (N5.4), with the scalar exp.
  func expected(_ operands: Operands, _ scalar: glck_kernels) -> Result {
    let scores = Guarded(operands.scores)
    let sums = Guarded<Float>(positions.count)
    for (row, position) in positions.enumerated() {
      let s = (0..<keys).map { j -> Float in
        let column = Int(operands.table.pointer[j - position + keys - 1])
        var c = operands.scores[row * scoreStride + j]
        if queryPart { c += operands.queryRelative.pointer[row * operands.width + column] }
        if keyPart { c += operands.keyRelative.pointer[j * operands.width + column] }
        return c * scale
      }
      let maximum = s.max() ?? 0
      let p = ElementaryTests.apply({ scalar.exp_rows($0, $1) }, s.map { $0 - maximum })
      for (j, p) in p.enumerated() { scores.pointer[row * scoreStride + j] = p }
      sums.pointer[row] = lanesSum(p)
    }
    return Result(scores: scores.bytes, sums: sums.elements.map(\.bitPattern))
  }
}

@Suite struct RelativeSoftmaxTests {
  static let cases: [RelativeSoftmaxCase] =
    [1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 63, 65, 100, 128].flatMap { keys in
      [.linear, .logarithmic, .few, .skipping].map { RelativeSoftmaxCase(keys: keys, columns: $0) }
    }
    + [
      RelativeSoftmaxCase(keys: 40, columns: .skipping, queryPart: false),
      RelativeSoftmaxCase(keys: 40, queryPart: false),
      RelativeSoftmaxCase(keys: 40, keyPart: false),
      RelativeSoftmaxCase(keys: 40, queryPart: false, keyPart: false),
      // The last layer's few queries: anywhere, in any order.
      RelativeSoftmaxCase(keys: 50, positions: [0]), RelativeSoftmaxCase(keys: 50, positions: [49]),
      RelativeSoftmaxCase(keys: 50, positions: [0, 3, 9, 27, 49]),
      RelativeSoftmaxCase(keys: 50, positions: [7, 6, 5, 4, 4, 4]),
      RelativeSoftmaxCase(keys: 50, positions: Array(20..<42)),
      RelativeSoftmaxCase(keys: 50, positions: Array(0..<20) + Array(25..<50)),
      // Large differences: most probabilities are exactly zero.
      RelativeSoftmaxCase(keys: 70, magnitude: 500), RelativeSoftmaxCase(keys: 70, magnitude: 0),
    ]

  @Test(arguments: InstructionSet.available) func followsTheDefinition(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    for c in Self.cases {
      let operands = c.operands()
      #expect(c.run(kernels, operands) == c.expected(operands, scalar), "\(c)")
    }
  }

  @Test(arguments: InstructionSet.available) func whatIsNotFiniteStaysSo(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for bad: Float in [.nan, .infinity] {
      let c = RelativeSoftmaxCase(keys: 20)
      let whole = c.operands()
      var scores = whole.scores
      scores[c.scoreStride + 18] = bad
      let operands = RelativeSoftmaxCase.Operands(
        table: whole.table, width: whole.width, scores: scores, queryRelative: whole.queryRelative,
        keyRelative: whole.keyRelative)
      let sums = c.run(kernels, operands).sums
      #expect(Float(bitPattern: sums[1]).isNaN)
      #expect(sums.enumerated().allSatisfy { $0 == 1 || Float(bitPattern: $1).isFinite })
    }
  }
}
