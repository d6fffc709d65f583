import GLCFormat
import GLiClass
import ModelCore

/// The ids of a model whose vocabulary may have been made smaller beside those of what it is held against: a checkpoint or a reference,
/// which have all, or another `.glc`. A file says which ids its own were (formats/glc.md, "Vocabulary map").
struct VocabularyTranslation {
  private let own: VocabularyMap?
  private let other: VocabularyMap?
  private let rows: Int

  /// - Parameter baseline: the other `.glc`; `nil` for what has all ids.
  /// - Throws: ``VerificationError`` for a map that is none.
  init(_ model: GLiClassModel, baseline: GLiClassModel? = nil) throws(VerificationError) {
    own = try lifting { () throws(GLCFormatError) in try model.file.vocabularyMap() }
    other = try lifting { () throws(GLCFormatError) in try baseline?.file.vocabularyMap() }
    rows = model.file.configuration.encoder.vocabularySize
  }

  /// Whether both have the same ids.
  var isIdentity: Bool { own == other }
  /// Whether the model has fewer ids than its checkpoint.
  var isSmaller: Bool { own != nil }
  /// The original ids of the model's; `nil` where it has all.
  var originals: [UInt32]? { own?.originals }

  /// The original of the model's id; an id that the vocabulary does not have stays what it is.
  func original(of id: Int32) -> Int32 { own.map { $0.original(of: id) ?? id } ?? id }

  /// The model's id of an original one; `nil` where it was left out.
  func own(original id: Int32) -> Int32? { own.map { $0.id(of: id) } ?? id }

  /// The other side's id of the model's; `nil` where it was left out there.
  func other(of id: Int32) -> Int32? {
    let original = original(of: id)
    return other.map { $0.id(of: original) } ?? original
  }

  /// For every row of the model's table the one of the other side's, −1 where there is none; `nil` where both are the same.
  var otherRows: [Int]? {
    isIdentity ? nil : (0..<Int32(clamping: rows)).map { other(of: $0).map(Int.init) ?? -1 }
  }

  /// What the other side's configuration would be with the model's ids.
  func applied(to configuration: ModelConfiguration) -> ModelConfiguration {
    guard !isIdentity else { return configuration }
    func own(_ id: Int) -> Int {
      guard let id = Int32(exactly: id) else { return id }
      let original = other.map { $0.original(of: id) ?? id } ?? id
      return Int(self.own(original: original) ?? id)
    }
    var translated = configuration
    translated.encoder.vocabularySize = rows
    translated.prompt.labelTokenID = own(configuration.prompt.labelTokenID)
    translated.prompt.separatorTokenID = own(configuration.prompt.separatorTokenID)
    translated.prompt.exampleTokenID = own(configuration.prompt.exampleTokenID)
    return translated
  }
}
