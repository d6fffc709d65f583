/// A drawing with axes and a legend: what all plots of the report have in common.
struct Plot {
  /// Pixels around the frame of the axes.
  struct Margins {
    var left = 56.0
    var right = 14.0
    var top = 34.0
    var bottom = 46.0
  }

  /// One entry of the legend.
  struct Key {
    enum Sign {
      case marker(Drawing.Marker)
      case dot
      case line
    }
    var sign: Sign
    var style: String
    var name: String

    init(_ sign: Sign, _ style: String, _ name: String) {
      self.sign = sign
      self.style = style
      self.name = name
    }
  }

  /// As wide as half a page, so that letters are as large on a telephone as beside a table.
  static let width = 460.0

  let margins: Margins
  var drawing: Drawing

  init(height: Double, margins: Margins = Margins()) {
    self.margins = margins
    drawing = Drawing(width: Self.width, height: height)
  }

  var left: Double { margins.left }
  var right: Double { drawing.width - margins.right }
  var top: Double { margins.top }
  var bottom: Double { drawing.height - margins.bottom }

  /// Lines at the ticks, their values, and what the axis is of.
  mutating func xAxis(_ scale: PlotScale, _ title: String) {
    for tick in scale.ticks {
      drawing.line(scale.at(tick), top, scale.at(tick), bottom, "grid")
      drawing.text(scale.at(tick), bottom + 17, scale.label(tick), .middle)
    }
    drawing.text((left + right) / 2, drawing.height - 10, title, .middle, "title")
  }

  mutating func yAxis(_ scale: PlotScale, _ title: String) {
    for tick in scale.ticks {
      drawing.line(left, scale.at(tick), right, scale.at(tick), "grid")
      drawing.text(left - 7, scale.at(tick) + 4, scale.label(tick), .end)
    }
    drawing.text(13, (top + bottom) / 2, title, .middle, "title", turned: true)
  }

  /// The line below the area, drawn over the lines at ticks.
  mutating func frame() { drawing.line(left, bottom, right, bottom, "axis") }

  /// Entries in a row above the area, in further rows where they are too long: 16 pixels a row.
  mutating func legend(_ keys: [Key], from start: Double? = nil) {
    var x = start ?? left
    var y = 14.0
    for key in keys {
      let length = 20 + Double(TextLayout.columns(of: key.name)) * 6.6 + 12
      if x > (start ?? left), x + length - 12 > drawing.width {
        x = start ?? left
        y += 16
      }
      switch key.sign {
      case .marker(let marker): drawing.marker(marker, x + 7, y - 4, key.style)
      case .dot: drawing.dots([(x + 7, y - 4)], "key \(key.style)")
      case .line: drawing.line(x, y - 4, x + 14, y - 4, key.style)
      }
      drawing.text(x + 19, y, key.name)
      x += length
    }
  }
}

/// A plot ready for the page.
struct PlotFigure {
  var svg: String
  /// Markup-free.
  var caption: String
}
