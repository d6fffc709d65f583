import Calibration
import Checkpoints
import ModelCore
import Quantization
import ReferenceModel
import TestSupport
import Testing

/// Sets of texts and models that say little, or nothing.
@Suite struct DegenerateSetTests {
  static let schemes: [IntegerScheme] = [.int8, .int4(groupSize: 32), .int4(groupSize: nil)]

  /// Codes in range, scales and multipliers that can be written.
  static func expectSound(_ solutions: [String: LinearSolution]) {
    for (name, solution) in solutions where name != CalibrationRun.tableName {
      guard let matrix = solution.matrix else {
        Issue.record("no codes for \(name)")
        continue
      }
      let limit: Int8 = matrix.groupSize == 0 ? 127 : 7
      #expect(matrix.codes.allSatisfy { (-limit...limit).contains($0) }, "\(name)")
      #expect(matrix.scales.allSatisfy { $0 >= 0 && $0.isFinite }, "\(name)")
      #expect(matrix.multipliers.allSatisfy { (1...15).contains($0) }, "\(name)")
      let scales = solution.inputScales ?? [1]
      #expect(scales.allSatisfy { $0 > 0 && $0.isFinite }, "\(name)")
    }
  }

  @Test(arguments: schemes)
  func oneText(_ scheme: IntegerScheme) throws {
    let inputs = try Array(Tiny.inputs.get().prefix(1))
    let (solutions, report) = try CalibrationRunTests.run(scheme, inputs: inputs)
    Self.expectSound(solutions)
    #expect(report.inputs == 1 && report.tokens == inputs[0].count)
    #expect(report.warnings.contains("one calibration text says little of others"))
  }

  /// Fewer tokens than features: three of them, and one.
  @Test(arguments: schemes)
  func fewTokens(_ scheme: IntegerScheme) throws {
    for ids: [Int32] in [[1, 7, 2], [5]] {
      let (solutions, report) = try CalibrationRunTests.run(scheme, inputs: [ids])
      Self.expectSound(solutions)
      #expect(
        report.warnings.contains {
          $0 == "\(ids.count) calibration tokens are fewer than the 128 features of the widest layer"
        })
    }
  }

  /// The same token everywhere: all rows are alike, and features constant.
  @Test(arguments: schemes)
  func oneTokenRepeated(_ scheme: IntegerScheme) throws {
    let inputs = [Array(repeating: Int32(9), count: 40), Array(repeating: Int32(9), count: 25)]
    let (solutions, report) = try CalibrationRunTests.run(scheme, inputs: inputs)
    Self.expectSound(solutions)
    let first = try #require(report.groups.first)
    #expect(first.constantFeatures + first.zeroFeatures == Tiny.features)
    #expect(report.warnings.contains { $0.contains("64 of 64 features are always the same") })
  }

  @Test func emptyTexts() throws {
    let inputs = try Array(Tiny.inputs.get().prefix(3))
    let plain = try CalibrationRunTests.run(.int8, inputs: inputs)
    let mixed = try CalibrationRunTests.run(.int8, inputs: [[], inputs[0], inputs[1], [], inputs[2]])
    #expect(mixed.report.emptyInputs == 2 && mixed.report.inputs == 3 && mixed.report.groups == plain.report.groups)
    #expect(mixed.report.warnings.contains("2 of the calibration texts have no token and were left out"))
    for (name, solution) in plain.solutions { #expect(mixed.solutions[name]?.content == solution.content) }
    for none: [[Int32]] in [[], [[]], [[], []]] {
      let run = CalibrationRun(try Tiny.checkpoint(), inputs: none)
      let error = calibrationError { () throws(CalibrationError) in try run.run { _ in .int8 } }
      #expect(error == .noTokens && error?.exitStatus == .badData)
      #expect(error?.message == "calibration: expected at least one text with a token, found none")
    }
  }

  /// Repeating a text gives it no more weight.
  @Test func repeatedTexts() throws {
    let inputs = try Array(Tiny.inputs.get().prefix(3))
    let plain = try CalibrationRunTests.run(.int4(groupSize: 32), inputs: inputs)
    let repeated = try CalibrationRunTests.run(
      .int4(groupSize: 32), inputs: [inputs[0], inputs[0], inputs[1], inputs[0], inputs[2], inputs[2]])
    #expect(repeated.report.repeatedInputs == 3 && repeated.report.inputs == 3)
    #expect(repeated.report.warnings.contains("3 of the calibration texts are the same as others and count once"))
    for (name, solution) in plain.solutions { #expect(repeated.solutions[name]?.content == solution.content) }
  }

  /// A LayerNorm that makes one feature 0 and another constant.
  @Test(arguments: schemes)
  func zeroAndConstantFeatures(_ scheme: IntegerScheme) throws {
    let norm = "model.encoder_model.embeddings.LayerNorm"
    let checkpoint = try Tiny.altered([
      "\(norm).weight": { values in (values[3], values[5]) = (0, 0) },
      "\(norm).bias": { values in (values[3], values[5]) = (0, 2) },
    ])
    let (solutions, report) = try CalibrationRunTests.run(scheme, checkpoint: checkpoint)
    Self.expectSound(solutions)
    let first = try #require(report.groups.first)
    #expect(first.zeroFeatures == 1 && first.constantFeatures == 1 && first.relativeErrors.count == 3)
    #expect(
      report.warnings == [
        "the inputs of model.encoder_model.encoder.layer.0.attention.self: 1 of 64 features are always 0",
        "the inputs of model.encoder_model.encoder.layer.0.attention.self: 1 of 64 features are always the same",
      ])
  }

  /// Nothing but zeros: no correlations to go by, and codes are rounded to nearest.
  @Test(arguments: schemes)
  func allZero(_ scheme: IntegerScheme) throws {
    let norm = "model.encoder_model.embeddings.LayerNorm"
    let checkpoint = try Tiny.altered([
      "\(norm).weight": { values in values = values.map { _ in 0 } },
      "\(norm).bias": { values in values = values.map { _ in 0 } },
    ])
    let (solutions, report) = try CalibrationRunTests.run(scheme, checkpoint: checkpoint)
    Self.expectSound(solutions)
    let first = try #require(report.groups.first)
    #expect(first.zeroFeatures == Tiny.features && first.damping == .useless)
    #expect(first.relativeErrors == [0, 0, 0])
    #expect(report.warnings.contains { $0.contains("correlations were of no use") })
    let weight = try ReferenceEncoder(checkpoint).layer(0).weight(.value)
    let matrix = try #require(solutions[EncoderLinear.value.name(layer: 0)]?.matrix)
    for row in 0..<weight.rows {
      for column in 0..<weight.columns {
        // Half a step, where the value is not clipped (an int4 step is at most 15 scales, and may reach 0.6 of the largest value).
        let reach = scheme == .int8 ? 0.51 * matrix.scales[row] : 15 * matrix.scales[row] * 5
        #expect(abs(weight.values[row * weight.columns + column] - matrix.value(row, column)) <= reach)
      }
    }
  }

  /// The layer and stage of values that overflow, and the text that they are of.
  @Test func activationsThatAreNotFinite() throws {
    let name = "\(EncoderLinear.value.name(layer: 1)).weight"
    let checkpoint = try Tiny.altered([name: { values in values = values.map { $0 * 1e38 } }])
    let run = CalibrationRun(checkpoint, inputs: try Tiny.inputs.get())
    // Without a scheme for the layer that overflows: its codes would be found from the same weights.
    let error = calibrationError { () throws(CalibrationError) in
      try run.run { $0.contains("layer.1.attention.output") ? .int8 : nil }
    }
    let path = checkpoint.weights.path
    #expect(error == .input(number: 1, .notFinite(path: path, layer: 1, stage: .context)))
    #expect(
      error?.message
        == "calibration text 1: \(path): layer 1, context: expected finite values, found infinity or NaN")
    #expect(error?.exitStatus == .badData)
  }

  /// A weight that is not finite, found before it is multiplied.
  @Test(arguments: schemes)
  func weightsThatAreNotFinite(_ scheme: IntegerScheme) throws {
    let name = "\(EncoderLinear.output.name(layer: 0)).weight"
    for bad in [Float.nan, .infinity] {
      let checkpoint = try Tiny.altered([name: { values in values[100] = bad }])
      let run = CalibrationRun(checkpoint, inputs: try Tiny.inputs.get())
      let error = calibrationError { () throws(CalibrationError) in try run.run { _ in scheme } }
      #expect(error == .weightNotFinite(path: checkpoint.weights.path, tensor: name))
      #expect(error?.message.contains("\(name): expected finite values") == true && error?.exitStatus == .badData)
    }
  }

  /// The first text that the model does not take is named, by its place in the whole list.
  @Test func textsThatTheModelRefuses() throws {
    let good = try Tiny.inputs.get()[0]
    let size = try Tiny.checkpoint().configuration.encoder.vocabularySize
    let run = CalibrationRun(try Tiny.checkpoint(), inputs: [good, [], good, [1, Int32(size), 2], [-1]])
    let error = calibrationError { () throws(CalibrationError) in try run.run { _ in .int8 } }
    let inner = ReferenceModelError.tokenOutsideVocabulary(position: 1, found: Int32(size), vocabularySize: size)
    #expect(error == .input(number: 4, inner) && error?.message == "calibration text 4: \(inner.message)")
    let limit = ReferenceModel.maximumTokenCount
    let long = CalibrationRun(try Tiny.checkpoint(), inputs: [Array(repeating: 1, count: limit + 1)])
    #expect(
      calibrationError { () throws(CalibrationError) in try long.run { _ in .int8 } }
        == .input(number: 1, .tooManyTokens(found: limit + 1, limit: limit)))
  }

  /// What is wrong with the checkpoint is said as the reference model says it.
  @Test func missingTensor() throws {
    let name = "\(EncoderLinear.output.name(layer: 1)).weight"
    let checkpoint = try Tiny.renaming("encoder.layer.1.output.dense.weight", "encoder.layer.1.output.dense.weighs")
    let run = CalibrationRun(checkpoint, inputs: try Tiny.inputs.get())
    let error = calibrationError { () throws(CalibrationError) in try run.run { _ in .int8 } }
    let inner = ReferenceModelError.checkpoint(.missingTensors(path: checkpoint.weights.path, names: [name]))
    #expect(error == .model(inner) && error?.message == inner.message)
    #expect(error?.hint == inner.hint && error?.exitStatus == inner.exitStatus)
  }
}
