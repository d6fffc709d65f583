import ModelCore

/// A token with its flags, as `AddedToken` of Python is written in a file.
struct FlaggedToken {
  var content: String
  var singleWord = false
  var leftStrip = false
  var rightStrip = false
  /// Where nothing is said, a token is normalized unless it is special in the end.
  var normalized: Bool?
  var special = false

  /// The added token that this becomes; `isSpecial` makes it special whatever the file says.
  func added(isSpecial: Bool = false) -> TokenizerSource.AddedToken {
    let special = special || isSpecial
    return TokenizerSource.AddedToken(
      id: -1, content: content, singleWord: singleWord, leftStrip: leftStrip, rightStrip: rightStrip,
      normalized: normalized ?? !special, special: special)
  }

  /// Whether both say the same; `AddedToken`s are equal only with all flags.
  func isEqual(to other: FlaggedToken) -> Bool {
    ExactBytes(content) == ExactBytes(other.content) && added().hasFlags(of: other.added())
  }
}

extension FlaggedToken {
  /// Reads the members of an `AddedToken`, and allows `others` beside them.
  init(_ value: JSONValue, allowing others: Set<String> = []) throws(TokenizerCompilerError) {
    let known: Set<String> = ["content", "single_word", "lstrip", "rstrip", "normalized", "special"]
    try value.allowOnly(known.union(others), path: value.path)
    content = try value.neededString("content")
    singleWord = try value.neededBool("single_word", else: false)
    leftStrip = try value.neededBool("lstrip", else: false)
    rightStrip = try value.neededBool("rstrip", else: false)
    if let flag = value.member("normalized"), !flag.isNull { normalized = try value.neededBool("normalized") }
    special = try value.neededBool("special", else: false)
  }
}

/// A token as a setting names it: its text alone, or with flags.
enum TokenValue {
  case text(String)
  case flagged(FlaggedToken)

  var content: String {
    switch self {
    case .text(let text): text
    case .flagged(let token): token.content
    }
  }

  /// What is added for a special token: a text alone is neither normalized nor stripped.
  func added(isSpecial: Bool) -> TokenizerSource.AddedToken {
    switch self {
    case .text(let text): FlaggedToken(content: text, special: true).added()
    case .flagged(let token): token.added(isSpecial: isSpecial)
    }
  }

  /// The same, with nothing left to what it becomes later: a token that is not special now is normalized then.
  var resolved: TokenValue {
    guard case .flagged(var token) = self else { return self }
    token.normalized = token.normalized ?? !token.special
    return .flagged(token)
  }

  /// Whether both say the same in the same way.
  func isEqual(to other: TokenValue) -> Bool {
    switch (self, other) {
    case (.text(let left), .text(let right)): ExactBytes(left) == ExactBytes(right)
    case (.flagged(let left), .flagged(let right)): left.isEqual(to: right)
    default: false
    }
  }

  /// From `tokenizer_config.json`: a text, or an object with `"__type": "AddedToken"`.
  init(setting value: JSONValue) throws(TokenizerCompilerError) {
    if let text = value.string {
      self = .text(text)
    } else if value.member("__type")?.string == "AddedToken" {
      self = .flagged(try FlaggedToken(value, allowing: ["__type"]))
    } else {
      throw .input(value.unexpected("a text, or an object with \"__type\": \"AddedToken\""))
    }
  }

  /// From `special_tokens_map.json`: a text, or an object, which is special.
  init(mapped value: JSONValue) throws(TokenizerCompilerError) {
    if let text = value.string {
      self = .text(text)
    } else if value.isObject {
      var token = try FlaggedToken(value)
      token.special = true
      self = .flagged(token)
    } else {
      throw .input(value.unexpected("a text, or an object with its content"))
    }
  }
}

/// A token that a file declares with its id.
struct DeclaredToken {
  let id: Int
  let token: FlaggedToken
  /// Where, for error messages.
  let path: String
  let field: String
}
