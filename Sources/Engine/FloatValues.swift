import CKernels
import GLCFormat
import ModelCore

/// f32, f16 or bf16 as they lie in the file.
struct FloatValues {
  let first: UnsafeRawPointer
  let type: glck_float
  /// Bytes of one of them.
  let size: Int

  /// The values of `record`, whose encoding is one of the three.
  init(_ record: TensorRecord, _ file: GLCFile) throws(EngineError) {
    switch record.encoding {
    case .f32: (type, size) = (GLCK_F32, 4)
    case .f16: (type, size) = (GLCK_F16, 2)
    case .bf16: (type, size) = (GLCK_BF16, 2)
    case .int8, .int4: preconditionFailure("\(record.name) holds codes")
    }
    first = UnsafeRawPointer(try file.extent(record).typed(UInt8.self, at: 0, file, record.name))
  }

  /// The address of the value at `index`.
  subscript(index: Int) -> UnsafeRawPointer { first + index * size }

  /// The values from `index` on where they are f32, `nil` where they are to be widened.
  func floats(from index: Int) -> UnsafePointer<Float>? {
    type == GLCK_F32 ? self[index].assumingMemoryBound(to: Float.self) : nil
  }
}
