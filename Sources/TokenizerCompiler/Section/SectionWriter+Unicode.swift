import Tokenization

/// Properties, mappings and patterns: only what steps and single-word tokens need of them.
extension SectionWriter {
  mutating func addUnicode(
    _ source: TokenizerSource, _ patterns: [TokenizerSource.Pattern]
  ) throws(TokenizerCompilerError) {
    let mappings = source.mappings
    guard !patterns.isEmpty || !mappings.isEmpty || source.needsProperties else { return }
    let tables = UnicodeTables.make(mappings: mappings)
    add(.propertyIndex, tables.index)
    add(.propertyBlocks, tables.blocks)
    add(.propertySets, words: tables.sets)
    add(.mappingTrie, words: tables.mappingTrie)
    add(.mappedTextOffsets, words: tables.textOffsets)
    add(.mappedText, tables.texts)
    let (forms, letters) = (UnicodeTables.normalizationVersion, UnicodeTables.propertyVersion)
    set(SectionLayout.Field.normalizationVersion, bytes: [forms.0, forms.1, forms.2])
    set(SectionLayout.Field.propertyVersion, bytes: [letters.0, letters.1, letters.2])
    if !patterns.isEmpty { try addPatterns(source, patterns, tables) }
  }

  private mutating func addPatterns(
    _ source: TokenizerSource, _ patterns: [TokenizerSource.Pattern], _ tables: UnicodeTables
  ) throws(TokenizerCompilerError) {
    var compiled: [CompiledPattern] = []
    for pattern in patterns {
      do throws(PatternError) {
        compiled.append(try pattern.compile(tables))
      } catch {
        throw .unsupportedPattern(
          path: source.path, field: pattern.field, pattern: pattern.description, reason: error.message)
      }
    }
    do throws(PatternError) {
      add(.patterns, try PatternCompiler.part(compiled))
    } catch {
      throw .tooLarge(path: source.path, what: "patterns", found: patterns.count, limit: SectionLayout.maximumPatterns)
    }
  }
}

extension UnicodeTables: PatternProperties {}

extension TokenizerSource {
  /// The mappings that the normalizer steps look up.
  fileprivate var mappings: Set<SectionLayout.Mapping> {
    var mappings: Set<SectionLayout.Mapping> = []
    for step in normalizer {
      switch step {
      case .form(let form):
        mappings.insert(.canonicalDecomposition)
        if form == .nfkc || form == .nfkd { mappings.insert(.compatibilityDecomposition) }
        if form == .nfc || form == .nfkc { mappings.insert(.composition) }
      case .lowercase: mappings.insert(.lowercase)
      default: break
      }
    }
    return mappings
  }

  /// Whether properties of scalars are asked for outside of patterns and mappings.
  fileprivate var needsProperties: Bool {
    normalizer.contains(.stripAccents) || addedTokens.contains(where: \.singleWord)
  }
}

extension TokenizerSource.Pattern {
  fileprivate func compile(_ tables: UnicodeTables) throws(PatternError) -> CompiledPattern {
    switch kind {
    case .regularExpression(let text): try PatternCompiler.compile(regularExpression: text, properties: tables)
    case .literal(let text): try PatternCompiler.compile(literal: text, properties: tables)
    case .property(let mask): try PatternCompiler.compile(anyOf: mask, properties: tables)
    }
  }

  /// How an error shows it.
  fileprivate var description: String {
    switch kind {
    case .regularExpression(let text), .literal(let text): text
    case .property(let mask): "property \(mask)"
    }
  }
}
