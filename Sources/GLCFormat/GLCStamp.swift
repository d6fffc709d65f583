import ModelCore

/// What a verification said of a `.glc`, kept in its metadata, and whether it still holds (formats/glc.md, "A verdict").
public struct GLCStamp {
  /// What the verdict was said of, part by part.
  public enum Part: String, Sendable, CaseIterable {
    /// The tensor directory, which holds every tensor's checksum.
    case weights
    case tokenizer
    /// The rest of the metadata: the model's options, prompt rules, where it came from.
    case metadata
    /// The revision of the numerics.
    case numerics
    /// The member itself is not written as the format says.
    case verdict
  }

  /// The member `verdict` of the metadata.
  public let verdict: JSONValue
  /// The parts that are not those the verdict was said of.
  public let changed: [Part]
  /// Whether it holds for the file as it is.
  public var isValid: Bool { changed.isEmpty }
}

extension GLCFile {
  /// What a verification said of this file, `nil` where none did. That tensor data are what their checksums say is another
  /// question: ``checkTensorData(progress:)``.
  public var stamp: GLCStamp? {
    guard let verdict = metadata.root.member("verdict") else { return nil }
    guard let text = MetadataText(metadataBytes), let of = verdict.member("of"),
      let schema = verdict.member("schema")?.int,
      schema >= 1
    else { return GLCStamp(verdict: verdict, changed: [.verdict]) }
    let changed = subject(text).filter { part, value in of.member(part.rawValue)?.string != value }
    return GLCStamp(verdict: verdict, changed: changed.map(\.part))
  }

  /// What a verdict on this file is said of: the member `of`, by its keys.
  func subject(_ text: MetadataText) -> [(part: GLCStamp.Part, value: String)] {
    [
      (.weights, Checksum.hexadecimal(checksum(of: .directory))),
      (.tokenizer, Checksum.hexadecimal(checksum(of: .tokenizer))),
      (.metadata, Checksum.hexadecimal(text.checksum)), (.numerics, "\(numericsRevision)"),
    ]
  }

  /// The text of the metadata. Valid as long as this object.
  var metadataBytes: UnsafeRawBufferPointer {
    guard let section = header.section(.metadata) else { preconditionFailure("the file has been opened") }
    return UnsafeRawBufferPointer(rebasing: file.unsafeBytes[Int(section.offset)..<Int(section.offset + section.size)])
  }

  private func checksum(of kind: SectionKind) -> UInt32 { header.section(kind)?.checksum ?? 0 }
}

extension FileHeader {
  /// The first section of this kind.
  func section(_ kind: SectionKind) -> Section? { sections.first { $0.kind == kind.rawValue } }
}
