import ModelCore

/// An SVG in the making. Colours are classes of the page's style sheet, so that they follow its light and dark.
struct Drawing {
  enum Anchor: String { case start, middle, end }
  /// Shapes that are told apart without colour.
  enum Marker { case circle, dot, square, diamond, triangle }

  let width: Double
  let height: Double
  private var elements: [String] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    elements.append(
      "<path class=\"\(style)\" d=\"M\(Self.pixel(x1)) \(Self.pixel(y1))L\(Self.pixel(x2)) \(Self.pixel(y2))\"/>")
  }

  /// One line through `points`.
  mutating func path(_ points: [(x: Double, y: Double)], _ style: String) {
    guard points.count > 1 else { return }
    let text = points.map { "\(Self.pixel($0.x)) \(Self.pixel($0.y))" }.joined(separator: "L")
    elements.append("<path class=\"\(style)\" d=\"M\(text)\"/>")
  }

  mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
    elements.append(
      "<path class=\"\(style)\" d=\"M\(Self.pixel(x)) \(Self.pixel(y))h\(Self.pixel(width))v\(Self.pixel(height))"
        + "h\(Self.pixel(-width))z\"/>")
  }

  /// Many points in one element, drawn as the round ends of lines without length: 12 bytes a point.
  mutating func dots(_ points: [(x: Double, y: Double)], _ style: String) {
    guard !points.isEmpty else { return }
    let text = points.map { "M\(Self.pixel($0.x)) \(Self.pixel($0.y))h0" }.joined()
    elements.append("<path class=\"dots \(style)\" d=\"\(text)\"/>")
  }

  /// Many diamonds in one element.
  mutating func diamonds(_ points: [(x: Double, y: Double)], _ style: String) {
    guard !points.isEmpty else { return }
    let text = points.map { Self.outline(.diamond, $0.x, $0.y) }.joined()
    elements.append("<path class=\"\(style)\" d=\"\(text)\"/>")
  }

  /// One point, with words that a pointer brings up.
  mutating func marker(_ marker: Marker, _ x: Double, _ y: Double, _ style: String, title: String? = nil) {
    let words = title.map { "<title>\(Markup.escaped($0))</title>" }
    let shape = "<path class=\"\(style)\" d=\"\(Self.outline(marker, x, y))\""
    elements.append(words.map { "\(shape)>\($0)</path>" } ?? "\(shape)/>")
  }

  mutating func text(
    _ x: Double, _ y: Double, _ content: String, _ anchor: Anchor = .start, _ style: String? = nil, turned: Bool = false
  ) {
    var attributes = "x=\"\(Self.pixel(x))\" y=\"\(Self.pixel(y))\""
    if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
    if let style { attributes += " class=\"\(style)\"" }
    if turned { attributes += " transform=\"rotate(-90 \(Self.pixel(x)) \(Self.pixel(y)))\"" }
    elements.append("<text \(attributes)>\(Markup.escaped(Self.minus(content)))</text>")
  }

  /// The element, named for those who do not see it.
  func svg(id: String, title: String, description: String) -> String {
    "<svg viewBox=\"0 0 \(Self.pixel(width)) \(Self.pixel(height))\" role=\"img\" "
      + "aria-labelledby=\"\(id)-title \(id)-desc\">\n<title id=\"\(id)-title\">\(Markup.escaped(title))</title>"
      + "<desc id=\"\(id)-desc\">\(Markup.escaped(description))</desc>\n" + elements.joined(separator: "\n")
      + "\n</svg>"
  }

  /// A tenth of a pixel is as fine as anybody sees.
  static func pixel(_ value: Double) -> String {
    let text = Formatting.decimals(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Numbers with a minus sign as long as a plus sign.
  static func minus(_ text: String) -> String {
    guard text.utf8.first == UInt8(ascii: "-"), text.dropFirst().first?.isNumber == true else { return text }
    return "−" + text.dropFirst()
  }

  private static func outline(_ marker: Marker, _ x: Double, _ y: Double) -> String {
    switch marker {
    case .circle: "M\(pixel(x - 4)) \(pixel(y))a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
    case .dot: "M\(pixel(x - 2.8)) \(pixel(y))a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0-5.6 0z"
    case .square: "M\(pixel(x - 3.5)) \(pixel(y - 3.5))h7v7h-7z"
    case .diamond: "M\(pixel(x)) \(pixel(y - 5))l5 5-5 5-5-5z"
    case .triangle: "M\(pixel(x)) \(pixel(y - 4.5))l4.5 8h-9z"
    }
  }
}
