import Checkpoints
import ModelCore
import Testing

/// Reading a tensor in pieces is reading it whole, however it lies in its file: strided, big-endian, inflated or plain.
@Suite struct TensorPieceTests {
  static let files = [
    "views.pt", "expanded.pt", "big_endian.pt", "deflated.pt", "dtypes.pt", "many_values.pt", "zipped_again.pt",
  ]

  /// Every range of a small tensor; of a large one those that begin and end at odd places.
  static func ranges(_ count: Int) -> [Range<Int>] {
    let odd = [0, 1, 2, 7, 15, 16, 17, 31, 33, count / 2, count - 3, count - 1, count]
    let bounds = count <= 40 ? Array(0...count) : odd
    return bounds.flatMap { lower in bounds.filter { $0 >= lower }.map { lower..<$0 } }
  }

  @Test(arguments: files)
  func everyRangeIsAPartOfTheWhole(_ name: String) throws {
    let file = try PyTorchFile(path: Fixtures.container(name))
    for tensor in file.tensors {
      let whole = try storedBytes(tensor, count: tensor.byteCount)
      let size = tensor.elementCount == 0 ? 1 : tensor.byteCount / tensor.elementCount
      let floats = tensor.dtype == nil ? [] : try tensor.floats().map(\.bitPattern)
      for range in Self.ranges(tensor.elementCount) {
        var bytes: [UInt8] = []
        try tensor.withStoredBytes(elements: range) { bytes = Array($0) }
        #expect(bytes == Array(whole[range.lowerBound * size..<range.upperBound * size]), "\(tensor.name) \(range)")
        guard tensor.dtype != nil else { continue }
        let piece = try CheckpointsTests.floats(tensor, range).map(\.bitPattern)
        #expect(piece == Array(floats[range]), "\(tensor.name) \(range)")
        #expect(try tensor.floats(elements: range).map(\.bitPattern) == piece)
      }
    }
  }

  /// The stride of a dimension of one moves nothing, whatever it is.
  @Test func strideOfOneElementDoesNotMatter() throws {
    let folder = try TemporaryFolder()
    for (shape, strides) in [([2, 1], [3, 1 << 62]), ([1, 2, 1, 1], [Int.max, 3, .max, 0]), ([2], [3])] {
      let bytes = torchArchive(pickledDictionary([.text("a"), .tensor(shape: shape, strides: strides)]))
      let tensor = try #require(PyTorchFile(path: folder.write("odd.pt", bytes)).tensors.first)
      #expect(tensor.shape == shape)
      #expect(try tensor.floats() == [1, 4])
      #expect(try tensor.floats(elements: 1..<2) == [4])
    }
  }

  /// A destination may be larger than what is asked for: the rest is left alone.
  @Test func destinationBehindThePieceIsUntouched() throws {
    let file = try PyTorchFile(path: Fixtures.container("views.pt"))
    let tensor = try #require(file.tensors.first { $0.name == "permuted" })
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: 8)
    defer { buffer.deallocate() }
    buffer.initialize(repeating: -7)
    try tensor.readFloats(elements: 3..<8, into: buffer)
    let whole = try tensor.floats()
    #expect(Array(buffer[..<5]) == Array(whole[3..<8]))
    #expect(buffer[5...].allSatisfy { $0 == -7 })
  }

  /// Pages given back are read again.
  @Test(arguments: files)
  func discardedTensorsReadTheSame(_ name: String) throws {
    let file = try PyTorchFile(path: Fixtures.container(name))
    for tensor in file.tensors {
      let whole = try storedBytes(tensor, count: tensor.byteCount)
      tensor.discard(elements: 0..<tensor.elementCount)
      tensor.discard(elements: 0..<tensor.elementCount / 2)
      #expect(try storedBytes(tensor, count: tensor.byteCount) == whole, "\(tensor.name)")
    }
  }
}
