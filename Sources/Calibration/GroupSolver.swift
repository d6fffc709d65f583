import Quantization
import ReferenceModel

/// What becomes of the linear layers that multiply the same rows.
struct GroupSolver: Sendable {
  /// One of the layers, which is to be quantized.
  struct Member: Sendable {
    let linear: EncoderLinear
    let name: String
    let weight: ReferenceMatrix
    let bias: [Float]
    let scheme: IntegerScheme

    init(_ layer: ReferenceEncoderLayer, _ linear: EncoderLinear, _ scheme: IntegerScheme) {
      self.linear = linear
      name = linear.name(layer: layer.index)
      weight = layer.weight(linear)
      bias = layer.bias(linear)
      self.scheme = scheme
    }
  }

  /// What was found for a member.
  struct Solved: Sendable {
    var solution: LinearSolution
    /// What it multiplies from now on, of activations without input scales.
    var weight: ReferenceMatrix
    var relativeError: Double
  }

  private let settings: CalibrationSettings
  /// [K]; `nil` without.
  let inputScales: [Float]?
  /// [K]: E[x] and E[x²] of the inputs as they are multiplied, input scales included.
  private let means: [Float]
  private let seconds: [Float]
  /// [K × K]: E[x · xᵀ] of them.
  private let correlations: [Float]
  /// `nil` where it is not wanted.
  private let gptq: GPTQ?

  /// - Parameter members: at least one.
  init(_ settings: CalibrationSettings, _ members: [Member], _ measured: MeasuredInputs) {
    self.settings = settings
    let moments = measured.moments
    let scales = settings.inputScales ? Self.inputScales(moments, members) : nil
    inputScales = scales
    let factors = scales?.map(Double.init) ?? Array(repeating: 1, count: measured.columns)
    means = zip(moments.means, factors).map { Float($0 * $1) }
    seconds = zip(moments.secondMoments, factors).map { Float($0 * $1 * $1) }
    correlations = measured.correlations(scaledBy: scales)
    gptq =
      settings.gptq
      ? GPTQ(
        correlations: correlations, columns: measured.columns, damping: settings.damping,
        inputNoise: measured.roundingNoise(scaledBy: scales)) : nil
  }

  private static func inputScales(_ moments: FeatureMoments, _ members: [Member]) -> [Float]? {
    var squares = [Double](repeating: 0, count: moments.count)
    var rows = 0
    for weight in members.map(\.weight) {
      for row in 0..<weight.rows {
        for (column, value) in weight[row: row].enumerated() { squares[column] += Double(value) * Double(value) }
      }
      rows += weight.rows
    }
    return InputBalancing.scales(
      inputs: moments, weights: squares.map { ($0 / Double(rows)).squareRoot() }, isMeasured: true)
  }

  /// How the correlations were put to use.
  var damping: CalibrationReport.Damping {
    guard let gptq else { return .none }
    guard let damping = gptq.damping else { return .useless }
    return damping > settings.damping ? .raised(to: damping) : .asAsked
  }

  /// - Throws: ``CalibrationError/weightNotFinite(path:tensor:)``.
  func solve(_ member: Member, path: String) throws(CalibrationError) -> Solved {
    let scaled = scaledWeights(member)
    var solution = LinearSolution()
    solution.inputScales = inputScales
    if settings.errorWeights, member.scheme != .int8 { solution.errorWeights = seconds }
    guard var matrix = rounded(scaled, member, solution.errorWeights) else {
      throw .weightNotFinite(path: path, tensor: "\(member.name).weight")
    }
    if let gptq {
      gptq.quantize(scaled, on: &matrix, threads: settings.threads)
      // Without, the converter comes to the same codes.
      solution.matrix = matrix
    } else if settings.biasCorrection {
      solution.bias = zip(member.bias, BiasCorrection.delta(scaled, matrix, means: means)).map { $0 + $1 }
    }
    return Solved(
      solution: solution, weight: effectiveWeight(matrix), relativeError: relativeError(scaled, matrix))
  }

  /// Divided by the input scales, as the converter divides them.
  private func scaledWeights(_ member: Member) -> [Float] {
    guard let inputScales else { return member.weight.values }
    var weight = member.weight
    weight.forEachRow { _, row in
      for column in row.indices { row[column] /= inputScales[column] }
    }
    return weight.values
  }

  /// Codes of each row by itself, as the converter finds them; `nil` where a weight is not finite.
  private func rounded(_ values: [Float], _ member: Member, _ errorWeights: [Float]?) -> QuantizedMatrix? {
    let columns = member.weight.columns
    var groupSize = 0
    if case .int4(let size) = member.scheme { groupSize = size ?? columns }
    let int4 = groupSize > 0 ? SymmetricInt4(columns: columns, groupSize: groupSize, weights: errorWeights) : nil
    var matrix = QuantizedMatrix(rows: member.weight.rows, columns: columns, groupSize: groupSize)
    var isFinite = true
    values.withUnsafeBufferPointer { values in
      matrix.fill { row, codes, multipliers in
        let values = UnsafeBufferPointer(rebasing: values[row * columns..<(row + 1) * columns])
        let scale =
          if let int4 { int4.quantize(values, codes: codes, multipliers: multipliers) } else {
            SymmetricInt8.quantize(values, into: codes)
          }
        if scale == nil { isFinite = false }
        return scale ?? 0
      }
    }
    return isFinite ? matrix : nil
  }

  private func effectiveWeight(_ matrix: QuantizedMatrix) -> ReferenceMatrix {
    var weight = ReferenceMatrix(rows: matrix.rows, columns: matrix.columns)
    weight.forEachRow { index, row in
      for column in row.indices { row[column] = matrix.value(index, column) * (inputScales?[column] ?? 1) }
    }
    return weight
  }

  /// ‖(W − Ŵ) · x‖ ÷ ‖W · x‖ as the root of mean squares over the inputs; 0 where W · x is 0.
  private func relativeError(_ scaled: [Float], _ matrix: QuantizedMatrix) -> Double {
    var differences = scaled
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns { differences[row * matrix.columns + column] -= matrix.value(row, column) }
    }
    let noise = energy(differences, correlations, columns: matrix.columns, threads: settings.threads)
    let signal = energy(scaled, correlations, columns: matrix.columns, threads: settings.threads)
    return signal > 0 && noise > 0 ? (noise / signal).squareRoot() : 0
  }
}
