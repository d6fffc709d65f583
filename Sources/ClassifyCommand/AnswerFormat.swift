import GLiClass
import ModelCore

/// How a classification is printed.
struct AnswerFormat {
  /// The labels printed, best first; `nil` is all of them, in the order of the request.
  var top: Int?
  /// Whether all scores are printed in the nesting of the labels, too.
  var isNested = false

  private func labels(_ classification: Classification) -> [LabelScore] {
    top.map(classification.top) ?? classification.labels
  }

  /// The object of the contract: labels, and those predicted; more only where it was asked for or says something.
  func json(_ classification: Classification) -> JSON {
    var members: [(String, JSON)] = [
      ("text", .string(classification.text)),
      ("labels", .array(labels(classification).map(\.json))),
      ("predicted", .array(classification.predicted.map { .string($0) })),
    ]
    if isNested { members.append(("nested", Self.object(classification.nested))) }
    if let embeddings = classification.embeddings {
      // One row, but with pooling `pass`: there one a token.
      let text = embeddings.text.count == 1 ? Self.vector(embeddings.text[0]) : .array(embeddings.text.map(Self.vector))
      members.append(("text_embedding", text))
      members.append(("class_embeddings", .array(embeddings.classes.map(Self.vector))))
    }
    if !classification.warnings.isEmpty {
      members.append(("warnings", .array(classification.warnings.map { .string($0.description) })))
    }
    return .object(members)
  }

  private static func vector(_ values: [Float]) -> JSON { .array(values.map { .float($0) }) }

  private static func object(_ scores: [NestedScore]) -> JSON {
    .object(
      scores.map { entry in
        switch entry.value {
        case .score(let score): (entry.name, .float(score))
        case .group(let scores): (entry.name, object(scores))
        }
      })
  }

  /// Labels by score, the predicted ones marked.
  func table(_ classification: Classification) -> String {
    let chosen = Set(classification.predicted.map(ExactBytes.init))
    return classification.top(top ?? classification.labels.count)
      .map { label in
        let mark = chosen.contains(ExactBytes(label.label)) ? "*" : " "
        return "\(mark) \(Formatting.decimals(Double(label.score), 4))  \(label.label.onOneLine)"
      }
      .joined(separator: "\n")
  }
}

extension LabelScore {
  fileprivate var json: JSON {
    var members: [(String, JSON)] = [("label", .string(label)), ("score", .float(score)), ("logit", .float(logit))]
    if let initialScore { members.append(("initial_score", .float(initialScore))) }
    return .object(members)
  }
}
