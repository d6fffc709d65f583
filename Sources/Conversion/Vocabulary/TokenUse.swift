import TokenizerCompiler

/// Which tokens the texts of a corpus use, and which only one text does. A number a token, however many texts there are.
struct TokenUse {
  /// Texts that have been counted.
  private(set) var texts = 0
  /// For every id: 0 for none; the number of the text that uses it, from 1; or that several do.
  private var users: [UInt32]

  private static let several = UInt32.max

  init(idCount: Int) { users = Array(repeating: 0, count: idCount) }

  /// Counts a text that has the tokens `ids`.
  mutating func addText(_ ids: [Int32]) {
    texts += 1
    let number = texts < Int(Self.several) ? UInt32(texts) : Self.several
    for id in ids where users.indices.contains(Int(id)) {
      let user = users[Int(id)]
      if user == 0 { users[Int(id)] = number } else if user != number { users[Int(id)] = Self.several }
    }
  }

  /// Counts a label: prompts will have it whatever the text is.
  mutating func addLabel(_ ids: [Int32]) {
    for id in ids where users.indices.contains(Int(id)) { users[Int(id)] = Self.several }
  }

  /// The tokens that anything uses, ascending.
  var used: [Int] { users.indices.filter { users[$0] != 0 } }

  /// The tokens that a label or more than one text uses, ascending.
  var shared: [Int] { users.indices.filter { users[$0] == Self.several } }

  /// How many texts use a token that only they do, and that `others` does not keep.
  func textsAlone(beside others: TokenSelection) -> Int {
    var alone: Set<UInt32> = []
    for (id, user) in users.enumerated() where user != 0 && user != Self.several && !others.contains(id) {
      alone.insert(user)
    }
    return alone.count
  }
}
