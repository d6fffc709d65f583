import GLCFormat
import ModelCore

extension GLCFile {
  /// The recipe that `gliclass-convert --recipe` takes (formats/glc.md, "A recipe"): what the metadata say, and for a calibrated file what the
  /// calibration found.
  func recipe() throws(GLCFormatError) -> JSON {
    let root = metadata.root
    guard let recipe = root.member("recipe"), recipe.member("schema") != nil else { return olderRecipe(root) }
    var members = recipe.keys.map { ($0, recipe.member($0)?.json ?? .null) }
    if let calibration = recipe.member("calibration"), !calibration.isNull {
      let correctsBiases = recipe.member("steps")?.member("bias_correction")?.bool == true
      var tensors: [(String, JSON)] = []
      for record in records where record.isCalibrated {
        tensors.append((record.name, .object(try grid(of: record, withBias: correctsBiases))))
      }
      members.append(("tensors", .object(tensors)))
    }
    return .object(members)
  }

  /// That of a file from before recipes.
  private func olderRecipe(_ root: JSONValue) -> JSON {
    let isInt8 = root.member("recipe")?.member("weights")?.string == "int8"
    let scheme = JSON.string(isInt8 ? "q8" : "f32")
    let steps = ["error_weights", "input_scales", "gptq", "bias_correction"].map { ($0, JSON.bool(false)) }
    return .object([
      ("schema", .int(1)), ("weights", scheme), ("group_size", .int(64)), ("embeddings", scheme),
      ("attention", root.member("numerics")?.member("attention")?.json ?? .null), ("keep", .array([])),
      ("steps", .object(steps)), ("calibration", .null), ("vocabulary", .null),
    ])
  }

  private func grid(of record: TensorRecord, withBias: Bool) throws(GLCFormatError) -> [(String, JSON)] {
    let extent = extent(record)
    guard let geometry = record.geometry else { return [] }
    let (rows, columns) = (record.shape[0], record.shape[1])
    func floats(at offset: Int, _ count: Int) -> JSON {
      .array((0..<count).map { .float(extent.loadUnaligned(fromByteOffset: offset + 4 * $0, as: Float.self)) })
    }
    var members: [(String, JSON)] = []
    if record.inputScalesOffset > 0 { members.append(("input_scales", floats(at: record.inputScalesOffset, columns))) }
    members.append(("scales", floats(at: record.scalesOffset, rows)))
    if record.multipliersOffset > 0 {
      // Groups of the padding alone are left out.
      let groups = (columns + record.groupSize - 1) / record.groupSize
      let multipliers = (0..<rows).flatMap { row in
        (0..<groups).map { group in
          JSON.int(Int(extent[record.multipliersOffset + (row / 16 * geometry.groups + group) * 16 + row % 16]))
        }
      }
      members.append(("multipliers", .array(multipliers)))
    }
    if withBias {
      let bias = self.extent(try self.record("\(record.name.dropLast("weight".count))bias"))
      members.append(
        ("bias", .array((0..<rows).map { .float(bias.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) })))
    }
    return members
  }
}

extension TensorRecord {
  /// Whether calibration looks at it: quantized weights of the encoder's layers.
  fileprivate var isCalibrated: Bool {
    encoding.isQuantized && layout == .tiles && shape.count == 2 && name.hasPrefix("layers.")
  }
}
