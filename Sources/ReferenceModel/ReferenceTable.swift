import Checkpoints
import ModelCore

/// `torch.nn.Embedding`: a table whose rows are read from the file as they are needed.
struct ReferenceTable: Sendable {
  private let view: TensorView

  /// - Parameter view: of two dimensions.
  init(_ view: TensorView) {
    precondition(view.shape.count == 2, "\(view.name) is listed as another shape")
    self.view = view
  }

  /// Features of a row.
  var columns: Int { view.shape[1] }

  /// The rows at `indices`, which lie within the table, in that order.
  func rows(_ indices: [Int]) throws(ReferenceModelError) -> ReferenceMatrix {
    var result = ReferenceMatrix(rows: indices.count, columns: columns)
    for (row, index) in indices.enumerated() { try read(index, into: &result, row: row) }
    return result
  }

  /// Gives the pages of rows that were read back.
  func discard() { view.discard(elements: 0..<view.elementCount) }

  private func read(_ index: Int, into result: inout ReferenceMatrix, row: Int) throws(ReferenceModelError) {
    let size = columns
    // Swift 6.0's withUnsafeMutableBufferPointer has no typed throws: the error leaves it as a value.
    let outcome = result.values.withUnsafeMutableBufferPointer { values in
      let target = UnsafeMutableBufferPointer(rebasing: values[row * size..<(row + 1) * size])
      return Result { () throws(CheckpointError) in
        try view.readFloats(elements: index * size..<(index + 1) * size, into: target)
      }
    }
    do throws(CheckpointError) { try outcome.get() } catch { throw .checkpoint(error) }
  }
}
