// Where the values of a tensor lie (formats/glc.md, "Layouts" and "Encodings"), and what can be done to them.

extension SabotagedGLC.Tensor {
  /// 1 = f32, 2 = f16, 3 = bf16, 4 = int8, 5 = int4.
  public var encoding: Int { record.integer(at: 8, 2) }
  /// 1 = rows, 2 = tiles, 3 = panels.
  public var layout: Int { record.integer(at: 10, 2) }
  /// Dimensions, outermost first.
  public var shape: [Int] { (0..<record.integer(at: 12, 4)).map { record.integer(at: 16 + 4 * $0, 4) } }
  /// Where the scales lie in the extent, 0 without.
  public var scalesOffset: Int { record.integer(at: 72, 8) }

  /// Input features that share a multiplier, 0 without.
  public var groupSize: Int { record.integer(at: 52, 4) }
  /// Where the input scales lie in the extent, 0 without.
  public var inputScalesOffset: Int { record.integer(at: 88, 8) }

  /// Whether its values are codes of a byte times scales.
  public var isInt8: Bool { encoding == 4 }
  /// Whether they are codes of four bits times multipliers and scales.
  public var isInt4: Bool { encoding == 5 }
  var elementSize: Int { [1: 4, 2: 2, 3: 2, 4: 1][encoding] ?? 1 }
  var rows: Int { shape.count == 1 ? 1 : shape[shape.count - 2] }
  var columns: Int { shape.last ?? 0 }
  var paddedRows: Int { layout == 1 ? rows : (rows + 15) / 16 * 16 }
  var paddedColumns: Int {
    let multiple = layout == 2 ? (shape.count == 3 ? 16 : 64) : isInt4 ? 64 : 1
    return (columns + multiple - 1) / multiple * multiple
  }
  var groups: Int { (paddedColumns + groupSize - 1) / groupSize }

  /// Where a value lies in the extent: row (output channel) and column (input feature) of a matrix of rank 3, else of the first.
  func offset(_ row: Int, _ column: Int, matrix: Int = 0) -> Int {
    let start = matrix * paddedRows * paddedColumns
    switch layout {
    case 1: return (start + row * paddedColumns + column) * elementSize
    case 2:
      return start + row / 16 * 16 * paddedColumns + column / 4 * 64 + row % 16 * 4 + column % 4
    default: return (start + row / 16 * 16 * paddedColumns + column * 16 + row % 16) * elementSize
    }
  }

  /// Where an int4 code lies: the byte, and by how much it is shifted there.
  func nibble(_ row: Int, _ column: Int) -> (offset: Int, shift: UInt8) {
    // Of 64 bytes of int8 codes the first 32 are the low nibbles, the others the high ones.
    let place = offset(row, column)
    return (place / 64 * 32 + place % 32, place % 64 < 32 ? 0 : 4)
  }

  /// Where the multiplier of a group of a row lies in the extent.
  public func multiplierOffset(_ row: Int, _ group: Int) -> Int {
    record.integer(at: 96, 8) + (layout == 1 ? row * groups + group : row / 16 * 16 * groups + group * 16 + row % 16)
  }

  /// The int8 code there, or of int4 the code times its multiplier.
  public func code(_ row: Int, _ column: Int, matrix: Int = 0) -> Int {
    guard isInt4 else { return Int(Int8(bitPattern: extent[offset(row, column, matrix: matrix)])) }
    let (place, shift) = nibble(row, column)
    return (Int(extent[place] >> shift & 15) - 8) * Int(extent[multiplierOffset(row, column / groupSize)])
  }

  /// Writes an int8 or int4 code, the latter without its multiplier.
  public mutating func setCode(_ row: Int, _ column: Int, to code: Int, matrix: Int = 0) {
    guard isInt4 else {
      extent[offset(row, column, matrix: matrix)] = UInt8(bitPattern: Int8(code))
      return
    }
    let (place, shift) = nibble(row, column)
    extent[place] = extent[place] & (15 << (4 - shift)) | UInt8(code + 8) << shift
  }

  /// Everything of a row that is whole bytes, with sizes: values, or scale and multipliers and but for int4 codes.
  func places(_ row: Int, matrix: Int = 0) -> [(offset: Int, size: Int)] {
    (isInt4
      ? (0..<groups).map { (multiplierOffset(row, $0), 1) }
      : (0..<columns).map { (offset(row, $0, matrix: matrix), elementSize) })
      + (scalesOffset > 0 ? [(scaleOffset(row, matrix: matrix), 4)] : [])
  }

  /// Where the scale of a row lies in the extent.
  func scaleOffset(_ row: Int, matrix: Int = 0) -> Int { scalesOffset + 4 * (matrix * paddedRows + row) }

  func float(at offset: Int) -> Float { Float(bitPattern: UInt32(extent.integer(at: offset, 4))) }
  mutating func setFloat(_ value: Float, at offset: Int) { extent.set(offset, 4, to: Int(value.bitPattern)) }

  /// The value there, dequantized, as it multiplies scaled inputs; f32, int8 and int4 only.
  public func value(_ row: Int, _ column: Int, matrix: Int = 0) -> Float {
    guard isInt8 || isInt4 else { return float(at: offset(row, column, matrix: matrix)) }
    return Float(code(row, column, matrix: matrix)) * float(at: scaleOffset(row, matrix: matrix))
  }

  /// The input scale of a feature, 1 without any.
  public func inputScale(_ feature: Int) -> Float {
    inputScalesOffset > 0 ? float(at: inputScalesOffset + 4 * feature) : 1
  }

  /// The weight that the value stands for: with the input scale of its feature.
  public func weight(_ row: Int, _ column: Int) -> Float { value(row, column) * inputScale(column) }

  /// Writes an f32 value, or the nearest code.
  mutating func setValue(_ row: Int, _ column: Int, to value: Float) {
    guard isInt8 || isInt4 else { return setFloat(value, at: offset(row, column)) }
    let multiplier = isInt4 ? Float(extent[multiplierOffset(row, column / groupSize)]) : 1
    let step = multiplier * float(at: scaleOffset(row))
    let limit: Float = isInt4 ? 7 : 127
    setCode(row, column, to: step == 0 ? 0 : Int(min(max((value / step).rounded(), -limit), limit)))
  }

  /// Sets the code, or what else stands there, to zero.
  public mutating func zero(_ row: Int, _ column: Int, matrix: Int = 0) {
    if isInt4 { return setCode(row, column, to: 0) }
    let place = offset(row, column, matrix: matrix)
    extent.replaceSubrange(place..<place + elementSize, with: [UInt8](repeating: 0, count: elementSize))
  }

  /// Makes the sums of quantized channels true.
  mutating func sumChannels() {
    let sums = record.integer(at: 80, 8)
    guard sums > 0 else { return }
    for row in 0..<paddedRows {
      let sum = (0..<paddedColumns).reduce(0) { $0 + code(row, $1) }
      extent.set(sums + 4 * row, 4, to: sum)
    }
  }
}

extension SabotagedGLC {
  /// Sets 16 channels × 64 features to zero: tile `tile` of the block of channels `block`.
  public mutating func zeroTile(_ name: String, block: Int, tile: Int, matrix: Int = 0) throws {
    try change(name) { tensor in
      for row in 16 * block..<min(16 * block + 16, tensor.rows) {
        for column in 64 * tile..<min(64 * tile + 64, tensor.columns) { tensor.zero(row, column, matrix: matrix) }
      }
    }
  }

  /// Sets a whole channel (row) to zero.
  public mutating func zeroChannel(_ name: String, _ channel: Int, matrix: Int = 0) throws {
    try change(name) { tensor in
      for column in 0..<tensor.columns { tensor.zero(channel, column, matrix: matrix) }
    }
  }

  /// Multiplies a channel (row): its scale, or in f32 its values.
  public mutating func scaleChannel(_ name: String, _ channel: Int, by factor: Float, matrix: Int = 0) throws {
    try change(name) { tensor in
      let places =
        tensor.scalesOffset > 0
        ? [tensor.scaleOffset(channel, matrix: matrix)]
        : (0..<tensor.columns).map { tensor.offset(channel, $0, matrix: matrix) }
      for place in places { tensor.setFloat(tensor.float(at: place) * factor, at: place) }
    }
  }

  /// Exchanges two channels (rows), scales and multipliers included.
  public mutating func swapRows(_ name: String, _ first: Int, _ second: Int, matrix: Int = 0) throws {
    try change(name) { tensor in
      let places = tensor.places(first, matrix: matrix)
      for ((one, size), (other, _)) in zip(places, tensor.places(second, matrix: matrix)) {
        for byte in 0..<size { tensor.extent.swapAt(one + byte, other + byte) }
      }
      guard tensor.isInt4 else { return }
      for column in 0..<tensor.columns {
        let (one, other) = (tensor.nibble(first, column), tensor.nibble(second, column))
        let codes = [one, other].map { Int(tensor.extent[$0.offset] >> $0.shift & 15) - 8 }
        tensor.setCode(first, column, to: codes[1])
        tensor.setCode(second, column, to: codes[0])
      }
    }
  }

  /// Sets an f32 value, of a vector with row 0.
  public mutating func setValue(_ name: String, row: Int = 0, column: Int, to value: Float, matrix: Int = 0) throws {
    try change(name) { tensor in
      guard tensor.encoding == 1 else { throw Failure("\(name) is not f32") }
      tensor.setFloat(value, at: tensor.offset(row, column, matrix: matrix))
    }
  }

  /// Sets the scale of a quantized channel (row).
  public mutating func setScale(_ name: String, _ channel: Int, to scale: Float, matrix: Int = 0) throws {
    try change(name) { tensor in
      guard tensor.scalesOffset > 0 else { throw Failure("\(name) has no scales") }
      tensor.setFloat(scale, at: tensor.scaleOffset(channel, matrix: matrix))
    }
  }

  /// Adds noise of a fixed pattern to codes or f32 values: every value moves by up to `part` of its row's largest.
  public mutating func addNoise(_ name: String, part: Float) throws {
    try change(name) { tensor in
      guard tensor.encoding == 1 || tensor.isInt8 || tensor.isInt4 else {
        throw Failure("\(name) is neither f32 nor quantized")
      }
      var state: UInt64 = 0x9E37_79B9_7F4A_7C15
      for row in 0..<tensor.rows {
        let largest = (0..<tensor.columns).reduce(Float(0)) { max($0, abs(tensor.value(row, $1))) }
        for column in 0..<tensor.columns {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let noise = (Float(state >> 40) / Float(1 << 23) - 1) * part * largest
          tensor.setValue(row, column, to: tensor.value(row, column) + noise)
        }
      }
    }
  }

  /// Gives a tensor the contents of another of the same form.
  public mutating func copyContents(from source: String, to target: String) throws {
    let other = try tensor(source)
    try change(target) { tensor in
      guard tensor.shape == other.shape, tensor.encoding == other.encoding, tensor.layout == other.layout else {
        throw Failure("\(source) and \(target) differ in form")
      }
      tensor.extent = other.extent
    }
  }

  /// Exchanges the contents of two tensors of the same form.
  public mutating func exchangeContents(_ first: String, _ second: String) throws {
    let extent = try tensor(first).extent
    try copyContents(from: second, to: first)
    try change(second) { $0.extent = extent }
  }

  /// Takes a tensor out.
  public mutating func removeTensor(_ name: String) throws { tensors.remove(at: try index(of: name)) }

  /// Gives a tensor another name.
  public mutating func renameTensor(_ name: String, to other: String) throws {
    tensors[try index(of: name)].name = other
  }

  /// Adds a copy of a tensor under another name.
  public mutating func duplicateTensor(_ name: String, as other: String) throws {
    var copy = try tensor(name)
    copy.name = other
    tensors.append(copy)
  }
}
