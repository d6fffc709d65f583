import GLCFormat
import ModelCore
import Tokenization

/// How findings name the rows of a tensor, and what it was held against.
struct AuditWords {
  /// `checkpoint` or `baseline`.
  let reference: String
  private let stored: StoredTensor
  /// For the rows of the table of tokens.
  private let tokenizer: CompiledTokenizer?

  init(_ stored: StoredTensor, reference: String, tokenizer: CompiledTokenizer?) {
    self.stored = stored
    self.reference = reference
    self.tokenizer = stored.record.name == TensorOrigin.tokens ? tokenizer : nil
  }

  /// Whether the tensor is one row of values, which is not spoken of.
  var isVector: Bool { stored.record.shape.count == 1 }
  /// What a row is called.
  var noun: String { stored.record.layout == .rows || stored.matrices > 1 ? "row" : "channel" }
  private func prefix(_ row: Int) -> String { stored.matrices > 1 ? "head \(row / stored.rowsPerMatrix), " : "" }
  private func number(_ row: Int) -> String {
    let own = row % stored.rowsPerMatrix
    guard let piece = tokenizer?.token(for: Int32(clamping: own)) else { return "\(own)" }
    return "\(own) (\(piece))"
  }

  /// As `channel 37`, `row 8001 (<<LABEL>>)` or `head 1, row 3`.
  func row(_ row: Int) -> String { "\(prefix(row))\(noun) \(number(row))" }

  /// As `channels 16 to 31`.
  func rows(_ rows: ClosedRange<Int>) -> String {
    guard rows.count > 1 else { return row(rows.lowerBound) }
    return "\(prefix(rows.lowerBound))\(noun)s \(number(rows.lowerBound)) to \(number(rows.upperBound))"
  }

  /// As `rows 3 and 4`.
  func pair(_ one: Int, _ other: Int) -> String {
    guard prefix(one) == prefix(other) else { return "\(row(one)) and \(row(other))" }
    return "\(prefix(one))\(noun)s \(number(one)) and \(number(other))"
  }

  /// As `3 of 64 channels`.
  func count(_ count: Int) -> String { "\(count) of \(stored.rows) \(noun)s" }

  /// As `channels 16 to 31, features 64 to 127 are zero`.
  func zero(_ region: TensorAudit.ZeroRegion) -> String {
    let isAll = region.rows.count == stored.rows && region.features == nil
    if isAll { return "all values are zero" }
    let features = region.features.map { "\(isVector ? "values" : "features") \($0.lowerBound) to \($0.upperBound)" }
    if isVector { return "\(features ?? "all values") are zero" }
    let verb = region.rows.count > 1 || features != nil ? "are" : "is"
    return "\(([rows(region.rows)] + [features].compactMap { $0 }).joined(separator: ", ")) \(verb) zero"
  }

  /// A factor, as `2.00`: as exact as quantized rows can say it.
  static func factor(_ factor: Double) -> String {
    switch abs(factor) {
    case 100..<1e9: Formatting.decimals(factor, 0)
    case 1...: Formatting.decimals(factor, 2)
    case 0.01...: Formatting.decimals(factor, 3)
    default: "\(Float(factor))"
    }
  }

  /// A ratio, as `3.1 dB`.
  static func decibels(_ value: Double) -> String { "\(Formatting.decimals(value, 1)) dB" }
}
