/// A table that every report for people sets in its own way: what is in it is said once.
struct ReportTable {
  enum Kind {
    /// Written by us.
    case words
    /// From a file or a command line: a label, a path, a tensor's name.
    case name
    /// Set to the right.
    case number
  }

  struct Column {
    var title: String
    var kind: Kind

    static func words(_ title: String) -> Column { Column(title: title, kind: .words) }
    static func name(_ title: String) -> Column { Column(title: title, kind: .name) }
    static func number(_ title: String) -> Column { Column(title: title, kind: .number) }
  }

  struct Row {
    var cells: [String]
    /// Whether it is to stand out: `false` what fails or is lost.
    var isGood: Bool?

    init(_ cells: [String], isGood: Bool? = nil) {
      self.cells = cells
      self.isGood = isGood
    }
  }

  var columns: [Column]
  var rows: [Row]
  /// What was left out, in one sentence.
  var omitted: String?

  init(_ columns: [Column], _ rows: [Row], omitted: String? = nil) {
    self.columns = columns
    self.rows = rows
    self.omitted = omitted
  }

  /// The first `limit` rows, and a sentence on the others.
  func limited(to limit: Int, of noun: String) -> ReportTable {
    guard rows.count > limit else { return self }
    var table = self
    table.rows = Array(rows.prefix(limit))
    table.omitted = "The first \(Figures.count(limit)) of \(Figures.count(rows.count)) \(noun)."
    return table
  }
}

/// One line of a list of figures: what it is, and what was found.
struct ReportItem {
  var name: String
  var text: String
  /// Said more quietly.
  var detail: String?

  init(_ name: String, _ text: String, _ detail: String? = nil) {
    self.name = name
    self.text = text
    self.detail = detail
  }
}
