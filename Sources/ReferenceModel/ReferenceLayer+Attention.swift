import ModelCore

/// Relative embeddings through a layer's projections: 2 · span rows each, and `nil` for a part that scores do not have. They
/// depend on weights alone, so they are computed once.
struct RelativeProjections: Sendable {
  /// For the part from content to position.
  var keys: ReferenceMatrix?
  /// For the part from position to content.
  var queries: ReferenceMatrix?
}

/// The projections themselves: those of keys and queries (`share_att_key`), or a layer's own.
struct RelativeLinears: Sendable {
  var key: ReferenceLinear?
  var query: ReferenceLinear?
}

extension ReferenceLayer {
  func project(relative states: ReferenceMatrix) -> RelativeProjections {
    RelativeProjections(keys: relativeLinears.key?(states), queries: relativeLinears.query?(states))
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
    if let relativeKeys = relative.keys {
      let part = queries.product(transposed: relativeKeys, columns: columns)
      part.values.withUnsafeBufferPointer { part in
        scores.forEachRow { query, row in
          for (key, relativeRow) in positions.contentToPositionRows(query: query).enumerated() {
            row[key] += part[query * relativeKeys.rows + relativeRow]
          }
        }
      }
    }
    if let relativeQueries = relative.queries {
      let part = keys.product(transposed: relativeQueries, columns: columns)
      part.values.withUnsafeBufferPointer { part in
        scores.forEachRow { query, row in
          for (key, relativeRow) in positions.positionToContentRows(query: query).enumerated() {
            row[key] += part[key * relativeQueries.rows + relativeRow]
          }
        }
      }
    }
    let scale = Float(encoder.headSize * encoder.attentionPartCount).squareRoot()
    scores.forEachRow { _, row in
      for key in row.indices { row[key] /= scale }
    }
    return scores
  }
}
