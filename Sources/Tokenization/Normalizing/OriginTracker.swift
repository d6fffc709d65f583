/// Follows what stands for the first bytes of a text while another is made of it (formats/tokenizer.md, "Origin"), by the
/// alignments that `tokenizers` keeps: every scalar that is written replaces the next one of the source, or is added to
/// the one before, or replaces the next one and takes some behind it along.
struct OriginTracker {
  private let text: UnsafeBufferPointer<UInt8>
  private let origin: Int
  /// How far the source has been replaced.
  private var position = 0
  /// Bytes written that stand for the first `origin` ones.
  private(set) var size = 0
  /// Whether what is written next may still stand for those. Once not, it never is again.
  private(set) var isOpen: Bool

  init(text: UnsafeBufferPointer<UInt8>, origin: Int) {
    self.text = text
    self.origin = origin
    isOpen = origin > 0
  }

  /// A scalar of `bytes` bytes is written. `change` is 1 where it is added, otherwise minus the number of further scalars
  /// that it replaces.
  mutating func add(bytes: Int, change: Int) {
    guard isOpen else { return }
    guard change > 0 ? max(position - 1, 0) < origin : position < origin else {
      isOpen = false
      return
    }
    size += bytes
    var replaced = change
    while replaced <= 0, position < text.count {
      position += UTF8Scalars.length(lead: text[position])
      replaced += 1
    }
  }
}
