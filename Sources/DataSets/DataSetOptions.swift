/// How a file of texts is read.
package struct DataSetOptions: Sendable, Equatable {
  /// The forms that texts come in.
  package enum Format: String, Sendable, CaseIterable {
    /// JSON lines, or one array; which of the two shows in the file.
    case jsonl
    case json
    case csv
    case tsv
  }

  /// `nil` where the name of the file says it.
  package var format: Format?
  /// What the columns of a table are; JSON needs none of it.
  package var table: TableOptions

  /// The defaults, or what differs from them.
  package init(format: Format? = nil, table: TableOptions = TableOptions()) {
    self.format = format
    self.table = table
  }

  /// The form of the file at `path`: as it was given, else by the ending of its name; what has another ending is JSON.
  package func format(of path: String) -> Format {
    if let format { return format }
    let ending = path.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() }
    switch ending {
    case "csv": return .csv
    case "tsv", "tab": return .tsv
    case "json": return .json
    default: return .jsonl
    }
  }
}

/// What the columns of a CSV or TSV file are.
package struct TableOptions: Sendable, Equatable {
  /// Which column.
  package enum Column: Sendable, Equatable {
    /// As the first line calls it.
    case name(String)
    /// From 1. The file then has no line of names.
    case number(Int)

    /// A number from 1 is a number; whatever else is a name.
    package init(_ argument: String) {
      if let number = Int(argument), number >= 1 { self = .number(number) } else { self = .name(argument) }
    }
  }

  /// The texts; `nil` is the column `text`.
  package var text: Column?
  /// The right labels, in one column or several. Empty is the first of `true_labels`, `labels` and `label` that there is; without any,
  /// the data do not say what is right.
  package var trueLabels: [Column] = []
  /// The labels to choose from; `nil` is the column `all_labels` where there is one.
  package var labels: Column?
  /// The labels to choose from for every text, instead of a column. With neither, ``labelNames``, and without those all labels that
  /// are right for any text, in the order of first appearance.
  package var labelList: [String]?
  /// Between the labels of one field; `nil` for fields that are one label each. White space around labels does not count.
  package var separator: String? = "|"
  /// What class ids stand for, from 0: with these, fields hold numbers.
  package var labelNames: [String]?

  /// The defaults.
  package init() {}
}
