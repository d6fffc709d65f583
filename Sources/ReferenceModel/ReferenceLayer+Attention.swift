import ModelCore

/// Relative embeddings through a layer's key and query projections (`share_att_key`): 2 · span rows each. They depend on
/// weights alone, so they are computed once.
struct RelativeProjections: Sendable {
  let keys: ReferenceMatrix
  let queries: ReferenceMatrix
}

extension ReferenceLayer {
  func project(relative states: ReferenceMatrix) -> RelativeProjections {
    RelativeProjections(keys: key(states), queries: query(states))
  }

  /// Disentangled self-attention (`DisentangledSelfAttention`, arXiv 2006.03654 §3.1): weighted values, all heads side by
  /// side.
  func context(
    _ states: ReferenceMatrix, relative: RelativeProjections, positions: RelativePositions,
    observe: (ReferenceStage, ReferenceMatrix) -> Void
  ) -> ReferenceMatrix {
    let (queries, keys, values) = (query(states), key(states), value(states))
    observe(.query, queries)
    observe(.key, keys)
    observe(.value, values)
    var context = ReferenceMatrix(rows: states.rows, columns: states.columns)
    for head in 0..<encoder.headCount {
      let columns = head * encoder.headSize..<(head + 1) * encoder.headSize
      var scores = scores(queries: queries, keys: keys, relative: relative, positions: positions, columns: columns)
      scores.softmaxRows()
      context.setProduct(columns: columns, of: scores, values)
    }
    return context
  }

  /// `(Q·Kᵀ + Q·Krᵀ[δ(q, k)] + K·Qrᵀ[δ(k, q)]) / √(d · parts)` of one head: queries × keys.
  private func scores(
    queries: ReferenceMatrix, keys: ReferenceMatrix, relative: RelativeProjections, positions: RelativePositions,
    columns: Range<Int>
  ) -> ReferenceMatrix {
    var scores = queries.product(transposed: keys, columns: columns)
    var partCount = 1
    if encoder.usesContentToPosition {
      partCount += 1
      let part = queries.product(transposed: relative.keys, columns: columns)
      part.values.withUnsafeBufferPointer { part in
        scores.forEachRow { query, row in
          for (key, relativeRow) in positions.contentToPositionRows(query: query).enumerated() {
            row[key] += part[query * relative.keys.rows + relativeRow]
          }
        }
      }
    }
    if encoder.usesPositionToContent {
      partCount += 1
      let part = keys.product(transposed: relative.queries, columns: columns)
      part.values.withUnsafeBufferPointer { part in
        scores.forEachRow { query, row in
          for (key, relativeRow) in positions.positionToContentRows(query: query).enumerated() {
            row[key] += part[key * relative.queries.rows + relativeRow]
          }
        }
      }
    }
    let scale = Float(encoder.headSize * partCount).squareRoot()
    scores.forEachRow { _, row in
      for key in row.indices { row[key] /= scale }
    }
    return scores
  }
}
