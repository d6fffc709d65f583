import GLCFormat
import ModelCore

extension TensorRecord {
  /// How it is stored, as `int4 tiles in groups of 64 with input scales`.
  fileprivate var form: String {
    var text = "\(encoding) \(layout)"
    if groupSize > 0 { text += " in groups of \(groupSize)" }
    if inputScalesOffset > 0 { text += " with input scales" }
    return text
  }
}

extension GLCFile {
  /// Lines of `gliclass inspect`: what is stored how, and what the parts take.
  var tensorSummary: [String] {
    var byForm: [String: (count: Int, bytes: Int)] = [:]
    for record in records {
      byForm[record.form, default: (0, 0)].count += 1
      byForm[record.form, default: (0, 0)].bytes += record.extent.count
    }
    let forms = byForm.sorted { $0.key < $1.key }.map {
      "  tensors     \($0.value.count) \($0.key), \(Formatting.size($0.value.bytes))"
    }
    let sizes = TensorSizes(records)
    let body = sizes[.body].bitsPerValue.map {
      "  body        \(Formatting.decimals($0, 3)) bits a weight: \(sizes[.body].values) weights of the encoder's layers in "
        + Formatting.size(sizes[.body].bytes)
    }
    let others: [(TensorSizes.Part, String)] = [
      (.vectors, "biases and LayerNorms"), (.relativeEmbeddings, "relative embeddings"), (.embeddings, "embeddings"),
      (.head, "head"),
    ]
    let rest = others.map { "\($1) \(Formatting.size(sizes[$0].bytes))" }.joined(separator: ", ")
    return forms + [body, "  beside it   \(rest)"].compactMap { $0 }
  }

  /// A table with a row a tensor.
  var tensorTable: [String] {
    let rows = records.map { record in
      [
        record.name.onOneLine, record.shape.map(String.init).joined(separator: " x "), record.form,
        Formatting.size(record.extent.count),
        Formatting.decimals(8 * Double(record.extent.count) / Double(record.shape.reduce(1, *)), 3),
      ]
    }
    let table = [["tensor", "shape", "stored as", "size", "bits a value"]] + rows
    let widths = table[0].indices.map { column in table.map { $0[column].utf8.count }.max() ?? 0 }
    return table.map { row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].utf8.count)
        return column < 3 ? row[column] + space : space + row[column]
      }
      return "  " + cells.joined(separator: "  ")
    }
  }

  /// Every tensor, in the order of the file.
  var tensorsJSON: JSON {
    .array(
      records.map {
        .object([
          ("name", .string($0.name)), ("encoding", .string("\($0.encoding)")), ("layout", .string("\($0.layout)")),
          ("shape", .array($0.shape.map { .int($0) })), ("group_size", $0.groupSize > 0 ? .int($0.groupSize) : .null),
          ("input_scales", .bool($0.inputScalesOffset > 0)), ("offset", .int($0.extent.lowerBound)),
          ("bytes", .int($0.extent.count)),
        ])
      })
  }

  /// What the weights of the encoder's layers take, with all that belongs to them.
  var bodyJSON: JSON {
    let size = TensorSizes(records)[.body]
    return .object([
      ("bits_per_weight", size.bitsPerValue.map { .double($0) } ?? .null), ("weights", .int(size.values)),
      ("bytes", .int(size.bytes)),
    ])
  }

  /// Bytes of everything else.
  var besideBodyJSON: JSON {
    let sizes = TensorSizes(records)
    return .object(
      TensorSizes.Part.allCases.filter { $0 != .body }.map { ($0.rawValue, .int(sizes[$0].bytes)) })
  }
}
