import GLCFormat
import ModelCore

extension GLCFile {
  /// The record of `name`.
  func tensor(_ name: String) throws(EngineError) -> TensorRecord {
    do throws(GLCFormatError) { return try record(name) } catch { throw .format(error) }
  }

  /// The record of `name`, with this shape.
  func tensor(_ name: String, shape: [Int]) throws(EngineError) -> TensorRecord {
    let record = try tensor(name)
    guard record.shape == shape else {
      throw .format(
        .unexpectedTensor(path: path, tensor: name, expected: "shape \(shape)", found: "shape \(record.shape)"))
    }
    return record
  }

  /// The input scale vector of a tensor, one factor a feature; `nil` where it has none. Factors that are not finite and positive
  /// are refused: the weights hold their inverses.
  func inputScales(_ record: TensorRecord) throws(EngineError) -> UnsafePointer<Float>? {
    guard record.inputScalesOffset > 0, let count = record.shape.last else { return nil }
    let scales = try extent(record).typed(Float.self, at: record.inputScalesOffset, self, record.name)
    for feature in 0..<count where !(scales[feature] > 0 && scales[feature].isFinite) {
      // What is read of a file that became shorter says nothing about the file.
      do throws(ModelCoreError) { try file.checkIntact() } catch { throw .format(.file(error)) }
      throw .format(
        .unexpectedTensor(
          path: path, tensor: record.name, expected: "a finite positive input scale of feature \(feature)",
          found: "\(scales[feature])"))
    }
    return scales
  }

  /// A vector of `count` floats, readable in whole blocks of 16.
  func vector(_ name: String, count: Int) throws(EngineError) -> UnsafePointer<Float> {
    let record = try tensor(name, shape: [count])
    guard record.encoding == .f32, record.layout == .rows else {
      throw .format(.unexpectedTensor(path: path, tensor: name, expected: "f32 rows", found: record.summary))
    }
    return try extent(record).typed(Float.self, at: 0, self, name)
  }
}

extension UnsafeRawBufferPointer {
  /// A typed pointer into an extent whose parts the directory has checked. Files start at pages and parts at 64 bytes, so
  /// it is aligned.
  func typed<Element>(
    _: Element.Type, at offset: Int, _ file: GLCFile, _ tensor: String
  ) throws(EngineError) -> UnsafePointer<Element> {
    guard let base = baseAddress, offset < count else {
      throw .format(.missingTensor(path: file.path, tensor: tensor))
    }
    return (base + offset).assumingMemoryBound(to: Element.self)
  }
}
