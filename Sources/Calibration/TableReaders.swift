import COpenBLAS
import Quantization
import ReferenceModel

/// How errors of the embedding table go together in what reads it, through the residual stream: for rounding its rows so that they make
/// up for each other.
///
/// An error e of a row reaches a linear layer as W · D · e, D being the gains of the LayerNorm behind the embeddings; so rows are rounded for
/// D · (Σ Wᵀ · W) · D over the layers that read the residual stream (the mean over tokens of what LayerNorms divide by is left out: a factor).
struct TableReaders {
  private let gains: [Float]
  /// [H × H], row-major, lower triangle: Σ Wᵀ · W.
  private var products: [Float]

  init(gains: [Float]) {
    self.gains = gains
    products = Array(repeating: 0, count: gains.count * gains.count)
  }

  /// Adds a layer that reads the residual stream.
  mutating func add(_ weight: ReferenceMatrix) {
    let size = blasint(gains.count)
    precondition(weight.columns == gains.count)
    cblas_ssyrk(
      CblasRowMajor, CblasLower, CblasTrans, size, blasint(weight.rows), 1, weight.values, size, 1, &products,
      size)
  }

  /// What rounds rows of the table.
  /// - Parameter damping: what is added to the diagonal, as a part of its mean.
  func compensation(damping: Double) -> GPTQ {
    let count = gains.count
    var correlations = [Float](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0...row {
        let value = products[row * count + column] * gains[row] * gains[column]
        correlations[row * count + column] = value
        correlations[column * count + row] = value
      }
    }
    return GPTQ(correlations: correlations, columns: count, damping: damping)
  }
}
