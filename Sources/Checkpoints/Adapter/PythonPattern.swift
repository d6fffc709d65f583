import CPCRE2

/// What can be wrong with a regular expression.
public enum PatternFailure: Error, Equatable, Sendable {
  /// It is none.
  case invalid(reason: String, offset: Int)
  /// Matching a name with it takes too many steps.
  case tooHard
}

/// What all matches of one adapter's patterns may cost together, in steps of PCRE2: a file may hold as many patterns as it
/// likes.
final class MatchBudget {
  private var left = 500_000_000

  fileprivate func spend(_ steps: UInt32) throws(PatternFailure) {
    left -= Int(steps)
    guard left >= 0 else { throw .tooHard }
  }
}

/// A regular expression of an adapter's configuration, as Python's `re` understands it, by PCRE2: the same syntax but for
/// what is refused here. Hostile patterns cost a limited number of steps and are then refused, too.
final class PythonPattern {
  private let code: OpaquePointer
  private let context: OpaquePointer
  private let budget: MatchBudget
  /// Steps that a match may take, tried in this order: nearly all take few, and only what was allowed is paid for.
  private static let matchLimits: [UInt32] = [256, 8192, 200_000]
  /// What both take and read in two ways: `{,3}` (a number of times in Python, itself in PCRE2 before 10.43), `[[:alpha:]]` (a
  /// class of characters in PCRE2), and settings of PCRE2.
  private static let ambiguous = ["{,", "[[:", "(*"]
  /// Bytes of a name. One of these steps may run along all of it.
  private static let longestName = 1024

  /// What a pattern must match of a name: `re.fullmatch` or `re.match`.
  enum Extent { case whole, prefix }

  /// Compiles `pattern`.
  init(_ pattern: String, _ extent: Extent = .whole, budget: MatchBudget) throws(PatternFailure) {
    var error: Int32 = 0
    var offset = 0
    let bytes = Array(pattern.utf8)
    for text in Self.ambiguous {
      guard let place = bytes.firstRange(of: text.utf8) else { continue }
      throw .invalid(reason: "\(text) is not read as Python reads it", offset: place.lowerBound)
    }
    let end = extent == .whole ? PCRE2_ENDANCHORED : 0
    let options = PCRE2_ANCHORED | end | PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C
    guard let code = pcre2_compile_8(bytes, bytes.count, options, &error, &offset, nil) else {
      throw .invalid(reason: Self.message(error), offset: offset)
    }
    guard let context = pcre2_match_context_create_8(nil) else {
      pcre2_code_free_8(code)
      throw .tooHard
    }
    pcre2_set_heap_limit_8(context, 20_000)
    self.budget = budget
    self.code = code
    self.context = context
  }

  deinit {
    pcre2_match_context_free_8(context)
    pcre2_code_free_8(code)
  }

  /// Whether it matches `name`.
  func matches(_ name: String) throws(PatternFailure) -> Bool {
    try match(name) { _, _ in true } ?? false
  }

  /// What the group called `group` has of `name`: `nil` where the pattern does not match, nothing where the group took no
  /// part.
  func group(_ group: String, of name: String) throws(PatternFailure) -> String? {
    let number = pcre2_substring_number_from_name_8(code, group)
    guard number > 0 else { return nil }
    return try match(name) { bytes, ends in
      // A group that took no part in the match starts at PCRE2_UNSET, which is -1 here.
      let (start, end) = (ends[2 * Int(number)], ends[2 * Int(number) + 1])
      return 0 <= start && start <= end && end <= bytes.count ? String(decoding: bytes[start..<end], as: UTF8.self) : ""
    }
  }

  /// Runs the pattern; `found` gets the bytes of `name`, and where each group starts and ends in them.
  private func match<Value>(
    _ name: String, _ found: ([UInt8], UnsafePointer<Int>) -> Value
  ) throws(PatternFailure) -> Value? {
    guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else { throw .tooHard }
    defer { pcre2_match_data_free_8(data) }
    let bytes = Array(name.utf8)
    guard bytes.count <= Self.longestName else { throw .tooHard }
    var result: Int32 = PCRE2_ERROR_MATCHLIMIT
    for limit in Self.matchLimits where result == PCRE2_ERROR_MATCHLIMIT {
      try budget.spend(limit)
      pcre2_set_match_limit_8(context, limit)
      result = pcre2_match_8(code, bytes, bytes.count, 0, 0, data, context)
    }
    guard result != PCRE2_ERROR_NOMATCH else { return nil }
    guard result >= 0, let ends = pcre2_get_ovector_pointer_8(data) else { throw .tooHard }
    return found(bytes, ends)
  }

  private static func message(_ code: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = pcre2_get_error_message_8(code, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer.prefix(Int(count)), as: UTF8.self) : "error \(code)"
  }
}

extension PythonPattern {
  /// Compiles `pattern` between `prefix` and `suffix`. What is wrong with it is said by its place in `pattern`.
  static func compiled(
    _ pattern: String, after prefix: String = "", before suffix: String = "", _ extent: Extent = .whole,
    budget: MatchBudget, field: String, path: String
  ) throws(CheckpointError) -> PythonPattern {
    try lifting(field, path) { () throws(PatternFailure) in
      do throws(PatternFailure) {
        return try PythonPattern(prefix + pattern + suffix, extent, budget: budget)
      } catch {
        guard case .invalid(let reason, let offset) = error else { throw error }
        throw .invalid(reason: reason, offset: min(max(0, offset - prefix.utf8.count), pattern.utf8.count))
      }
    }
  }

  func matches(_ name: String, field: String, path: String) throws(CheckpointError) -> Bool {
    try Self.lifting(field, path) { () throws(PatternFailure) in try matches(name) }
  }

  func group(_ group: String, of name: String, field: String, path: String) throws(CheckpointError) -> String? {
    try Self.lifting(field, path) { () throws(PatternFailure) in try self.group(group, of: name) }
  }

  private static func lifting<Value>(
    _ field: String, _ path: String, _ body: () throws(PatternFailure) -> Value
  ) throws(CheckpointError) -> Value {
    do throws(PatternFailure) { return try body() } catch { throw .pattern(path: path, field: field, error) }
  }
}
