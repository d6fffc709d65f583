import ArgumentParser
import DataSets
import Verification

/// The texts and what is known of them.
struct TextArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Texts with all_labels and true_labels: JSONL, a JSON array, CSV or TSV (docs/verification.md).",
      valueName: "data.jsonl"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "A folder of such files, each with NAME.reference.jsonl beside it unless --checkpoint or --baseline is given.",
      valueName: "folder"))
  var suite: String?

  @Option(help: "The form of the texts, where the file's name does not say it.")
  var format: DataSetOptions.Format?

  @Option(
    help: ArgumentHelp(
      "Of a table: the column of texts (default: text). A column is a name in the first line, or a number from 1 in files without such a line.",
      valueName: "column"))
  var textColumn: String?

  @Option(
    help: ArgumentHelp(
      "Of a table: a column of right labels; may be given several times (default: the first of true_labels, labels and label).",
      valueName: "column"))
  var trueLabelsColumn: [String] = []

  @Option(
    help: ArgumentHelp("Of a table: the column of labels to choose from (default: all_labels).", valueName: "column"))
  var labelsColumn: String?

  @Option(
    help: ArgumentHelp("Of a table: what stands between labels of one field (default: |).", valueName: "text"))
  var labelSeparator: String?

  @Option(
    help: ArgumentHelp(
      "Of a table: the labels to choose from for every text (default: all that occur), separated by commas, or a file of them.",
      valueName: "a,b,c"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Of a table: what class ids stand for, from 0 on, separated by commas, or a file of them.", valueName: "a,b,c"))
  var labelNames: String?

  func validate() throws {
    guard (data == nil) != (suite == nil) else { throw ValidationError("Give either --data or --suite.") }
    let tableOptions: [(String, Bool)] = [
      ("--text-column", textColumn != nil), ("--true-labels-column", !trueLabelsColumn.isEmpty),
      ("--labels-column", labelsColumn != nil), ("--label-separator", labelSeparator != nil),
      ("--labels", labels != nil), ("--label-names", labelNames != nil),
    ]
    if let data, [.json, .jsonl].contains(DataSetOptions(format: format).format(of: data)),
      let given = tableOptions.first(where: \.1)
    {
      throw ValidationError("\(given.0) is for tables, and \(data) is JSON: give --format csv or tsv where it is not.")
    }
    guard labelSeparator != "" else { throw ValidationError("--label-separator is at least one character.") }
  }

  /// How files are read.
  var options: DataSetOptions {
    get throws {
      var table = TableOptions()
      table.text = textColumn.map(TableOptions.Column.init)
      table.trueLabels = trueLabelsColumn.map(TableOptions.Column.init)
      table.labels = labelsColumn.map(TableOptions.Column.init)
      table.labelList = try labels.map { try LabelList.readOrSplit($0) }
      table.separator = labelSeparator ?? table.separator
      table.labelNames = try labelNames.map { try LabelList.readOrSplit($0) }
      return DataSetOptions(format: format, table: table)
    }
  }
}

extension DataSetOptions.Format: ExpressibleByArgument {}
