import GLCFormat
import GLiClass

/// Every tensor of a `.glc` beside what the checkpoint makes of it, or beside that of another `.glc`.
struct TensorComparison {
  let model: GLiClassModel
  let expected: ExpectedTensors
  private(set) var errors: [TensorError] = []
  private(set) var findings: [Finding] = []
  /// Tensors that differ in most of their rows, by name: each may hold another's values.
  private var strangers: [String: TensorAudit] = [:]
  /// Biases that bias correction changed.
  private var corrected: Set<String> = []
  /// What bias correction does not explain, by the name of the biases.
  private var corrections: [String: [String]] = [:]
  private var audits: [(origin: TensorOrigin, audit: TensorAudit)] = []

  init(_ model: GLiClassModel, _ expected: ExpectedTensors) {
    self.model = model
    self.expected = expected
  }

  /// - Parameter progress: called with the part of the work that is done.
  mutating func run(progress: (Double) -> Void) throws(VerificationError) {
    let total = max(1, model.file.records.reduce(0) { $0 + $1.extent.count })
    var done = 0
    for origin in expected.origins {
      guard let record = try? model.file.record(origin.name) else { continue }
      try compare(origin, record)
      done += record.extent.count
      progress(Double(done) / Double(total))
    }
    findings = presence() + findings
    try explain()
    let corrected = corrected
    errors.sort { Self.key($0, corrected) < Self.key($1, corrected) }
  }

  /// Those that were changed on purpose come last.
  private static func key(_ error: TensorError, _ corrected: Set<String>) -> (Int, Double, String) {
    (corrected.contains(error.name) ? 1 : 0, error.sqnr.isNaN ? -.infinity : error.sqnr, error.name)
  }

  /// Says what the audits found, what is the matter with whole layers first.
  private mutating func explain() throws(VerificationError) {
    let others = try StrangeTensors(strangers, expected)
    findings += others.layerFindings
    let unknown = Set(strangers.keys.filter { others.names[$0] == nil })
    // Two hundred findings would say no more than this one.
    let isAnother = unknown.count > 4 && 2 * unknown.count > errors.count
    if isAnother {
      let message = "\(unknown.count) of \(errors.count) have nothing of the \(expected.name)'s: it is of another model"
      findings.append(Finding(place: "tensors", message: message))
    }
    for (origin, audit) in audits where !others.explained.contains(origin.name) {
      if isAnother, unknown.contains(origin.name) { continue }
      let words = AuditWords(audit.stored, reference: expected.name, tokenizer: model.tokenizer)
      let other = others.names[origin.name]
      var messages = corrections[origin.name] ?? []
      if other != nil || messages.isEmpty {
        messages = try TensorFindings(audit: audit, words: words).messages(holding: other)
      }
      findings += messages.map { Finding(place: origin.name, message: $0) }
    }
  }

  private mutating func compare(_ origin: TensorOrigin, _ record: TensorRecord) throws(VerificationError) {
    guard let other = expected.tensor(origin) else {
      findings.append(
        Finding(place: origin.name, message: "not compared: the \(expected.name) has none that can be read"))
      return
    }
    guard record.shape == other.shape else {
      findings.append(
        Finding(place: origin.name, message: "has shape \(record.shape), the \(expected.name) makes \(other.shape)"))
      return
    }
    guard let stored = StoredTensor(record, in: model.file) else {
      findings.append(Finding(place: origin.name, message: "not compared: \(record.summary) is not known here"))
      return
    }
    var audit = TensorAudit(stored, other)
    try audit.run()
    let correction = audit.isClean ? nil : try judgeCorrection(audit, origin)
    errors.append(
      TensorError(
        name: origin.name, form: record.summary + (correction == [] ? ", changed by bias correction" : ""),
        sqnr: audit.sqnr, worstChannel: audit.worst.row, worstChannelSQNR: audit.worst.sqnr))
    if correction == [] { corrected.insert(origin.name) }
    if audit.isClean || correction == [] { return }
    if let correction { corrections[origin.name] = correction }
    audits.append((origin, audit))
    if 2 * audit.suspectCount > stored.rows { strangers[origin.name] = audit }
  }

  /// What is the matter with biases that bias correction may have changed; `nil` for other tensors.
  private func judgeCorrection(_ audit: TensorAudit, _ origin: TensorOrigin) throws(VerificationError) -> [String]? {
    guard origin.name.hasSuffix(".bias"), audit.unfinite == nil, audit.stored.rows == 1,
      let correction = try BiasCorrection(String(origin.name.dropLast(".bias".count)), of: model.file, expected)
    else { return nil }
    var own = Array(repeating: Float(0), count: audit.columns)
    var theirs = own
    audit.stored.read(0, into: &own)
    try audit.expected.read(0, into: &theirs)
    return correction.messages(own, theirs, reference: expected.name)
  }

  /// Tensors that are there and should not be, or the other way round: a layer's together.
  private func presence() -> [Finding] {
    let present = Set(model.file.records.map(\.name))
    let wanted = Set(expected.origins.map(\.name))
    let read = Set(TensorOrigin.all(of: model.file).map(\.name))
    let missing = expected.origins.map(\.name).filter { !present.contains($0) }
    let foreign = model.file.records.map(\.name).filter { read.contains($0) && !wanted.contains($0) }
    let other = "in the \(expected.name)"
    return Self.grouped(missing, "is missing, \(other) it is there", "are missing, \(other) they are there")
      + Self.unread(in: model.file, read)
      + Self.grouped(foreign, "\(other) there is no such tensor", "that are not there \(other)")
  }

  /// Tensors of `file` that no part of its metadata reads.
  static func unread(in file: GLCFile) -> [Finding] {
    unread(in: file, Set(TensorOrigin.all(of: file).map(\.name)))
  }

  private static func unread(in file: GLCFile, _ read: Set<String>) -> [Finding] {
    grouped(
      file.records.map(\.name).filter { !read.contains($0) }, "no part of the metadata reads it",
      "that no part of the metadata reads")
  }

  /// One finding a layer, and one each for what is in none.
  static func grouped(_ names: [String], _ one: String, _ many: String) -> [Finding] {
    var order: [String] = []
    var members: [String: (count: Int, first: String)] = [:]
    for name in names {
      let parts = name.split(separator: ".")
      let group = parts.count > 2 && parts[0] == "layers" ? "layers.\(parts[1])" : name
      if members[group] == nil { order.append(group) }
      members[group, default: (0, name)].count += 1
    }
    return order.compactMap { group in
      members[group].map { found in
        found.count == 1
          ? Finding(place: found.first, message: one) : Finding(place: group, message: "\(found.count) tensors \(many)")
      }
    }
  }
}

extension TensorAudit {
  /// Whether nothing is there that the encoding does not explain.
  var isClean: Bool {
    zeros.isEmpty && unfinite == nil && features.isEmpty && factors.isEmpty && groups.isEmpty && suspectCount == 0
  }
}
