import Checkpoints
import ModelCore

/// The table of a configuration held against a checkpoint: every row with the tensor it is made from.
package struct TensorMapping {
  package let table: TensorTable
  /// In the order of the table.
  package let rows: [(row: TensorRow, view: TensorView)]
  /// Tensors that no row is made from alone: relative embeddings and their LayerNorm.
  package let projected: [TensorView]
  /// Tensors of the checkpoint that nothing is made from, sorted by name.
  package let unread: [TensorView]
  private let indexByName: [String: Int]

  /// - Throws: An error with every tensor that is missing, or with the first of another shape or type; then one with every
  ///   tensor that no rule knows.
  package init(_ checkpoint: Checkpoint) throws(ConversionError) {
    table = TensorTable(checkpoint.configuration) { checkpoint.tensor($0)?.shape }
    try Self.checkLayerWeights(checkpoint)
    let requirements = table.requirements
    let views = try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      try checkpoint.require(requirements)
    }
    let unused = checkpoint.unusedTensorNames(asked: requirements.map(\.name))
    let table = table
    let unknown = unused.filter { !table.mayBeUnread($0) }
    guard unknown.isEmpty else { throw .unknownTensors(path: checkpoint.files.weights, names: unknown) }
    unread = unused.compactMap(checkpoint.tensor)
    let byName = Dictionary(views.map { ($0.name, $0) }) { first, _ in first }
    rows = table.rows.compactMap { row in byName[row.source].map { (row, $0) } }
    let own = Set(rows.map(\.view.name))
    projected = views.filter { !own.contains($0.name) }
    precondition(rows.count == table.rows.count, "every row's tensor is required")
    indexByName = Dictionary(rows.enumerated().map { ($1.row.name, $0) }) { first, _ in first }
  }

  /// How many hidden states are weighted is in no configuration, only in the tensors: not more than there are.
  private static func checkLayerWeights(_ checkpoint: Checkpoint) throws(ConversionError) {
    let name = "\(TensorTable.layerWiseAttention).W1.weight"
    let states = checkpoint.configuration.encoder.layerCount + 1
    guard checkpoint.configuration.head.squeezesLayers, let view = checkpoint.tensor(name), let count = view.shape.last
    else { return }
    guard count <= states else {
      throw .tooManyLayerWeights(path: view.path, tensor: name, found: count, states: states)
    }
  }

  /// The row that makes the tensor `name` of the `.glc`.
  func row(of name: String) -> (row: TensorRow, view: TensorView)? { indexByName[name].map { rows[$0] } }
}
