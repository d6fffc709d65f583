import ModelCore

/// Sets lines for a terminal of ``width`` columns.
struct TextLayout {
  /// Columns that a line may have.
  static let width = 100
  /// Names of a list are set this wide.
  static let nameWidth = 24

  private(set) var lines: [String] = []

  mutating func blank() { if lines.last?.isEmpty == false { lines.append("") } }

  mutating func add(_ line: String) { lines.append(line) }

  /// `name` and what is said of it, broken between words, further lines below the first.
  mutating func add(_ item: ReportItem, detailBelow: Bool = false, nameWidth: Int = Self.nameWidth) {
    let indent = String(repeating: " ", count: nameWidth)
    let detail = detailBelow ? nil : item.detail.map { " (\($0))" }
    var parts = Self.wrap((item.text + (detail ?? "")).legible, to: Self.width - nameWidth)
    if detailBelow, let detail = item.detail { parts += Self.wrap(detail.legible, to: Self.width - nameWidth) }
    for (index, part) in parts.enumerated() {
      lines.append((index == 0 ? Self.padded(item.name, to: nameWidth) : indent) + part)
    }
  }

  /// `text` behind `prefix`, broken between words.
  mutating func add(_ text: String, prefix: String) {
    let indent = String(repeating: " ", count: prefix.count)
    for (index, part) in Self.wrap(text.legible, to: Self.width - prefix.count).enumerated() {
      lines.append((index == 0 ? prefix : indent) + part)
    }
  }

  /// `table` under `title`, columns two apart; what does not fit is cut from the widest column that is no number.
  mutating func add(_ table: ReportTable, title: String) {
    var cells = [table.columns.map(\.title)] + table.rows.map { $0.cells.map(\.legible) }
    if cells[0][0].isEmpty || table.columns[0].kind != .number { cells[0][0] = title }
    var widths = table.columns.indices.map { column in cells.map { Self.columns(of: $0[column]) }.max() ?? 0 }
    if table.columns[0].kind != .number { widths[0] = max(widths[0], Self.nameWidth - 2) }
    let room = Self.width - 2 * (widths.count - 1)
    while widths.reduce(0, +) > room {
      let texts = widths.indices.filter { table.columns[$0].kind != .number && widths[$0] > 8 }
      guard let widest = texts.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
    }
    for row in cells {
      let line = row.indices.map { column in
        let text = Self.cut(row[column], to: widths[column])
        return Self.padded(text, to: widths[column], onTheLeft: table.columns[column].kind == .number)
      }.joined(separator: "  ")
      lines.append(Self.trimmed(line))
    }
    if let omitted = table.omitted { lines.append(omitted) }
  }

  private static func trimmed(_ line: String) -> String {
    var line = line[...]
    while line.last == " " { line.removeLast() }
    return String(line)
  }

  private static func wrap(_ text: String, to width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if columns(of: line) + 1 + columns(of: String(word)) <= width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  static func padded(_ text: String, to width: Int, onTheLeft: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - columns(of: text)))
    return onTheLeft ? space + text : text + space
  }

  /// `text` in at most `width` columns, an ellipsis for what was cut.
  static func cut(_ text: String, to width: Int) -> String {
    guard columns(of: text) > width else { return text }
    var kept = ""
    var used = 0
    for character in text {
      let next = columns(of: character)
      if used + next > width - 1 { break }
      kept.append(character)
      used += next
    }
    return kept + "…"
  }

  /// Columns that a terminal gives `text`.
  static func columns(of text: String) -> Int { text.reduce(0) { $0 + columns(of: $1) } }

  /// 2 for the wide and full-width characters of Unicode's East Asian Width (Annex 11) and for emoji, 0 for marks alone and for
  /// what is invisible, else 1. The ranges are whole blocks: few unassigned scalars in them are wide for nothing.
  private static func columns(of character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch first.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default:
      return first.properties.isEmojiPresentation ? 2 : 1
    }
  }
}
