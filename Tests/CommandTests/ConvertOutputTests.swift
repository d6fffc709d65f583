import Foundation
import Glibc
import Testing

/// `gliclass-convert` where the output cannot be had: the old file or none, never a part of a new one.
@Suite struct ConvertOutputTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func noSuchFolder() throws {
    let output = folder["none/out.glc"]
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", output])
    expectFailure(outcome, status: 73, naming: [output, "No such file or directory"])
    #expect(folder.names.isEmpty)
  }

  @Test func aFolderInItsPlace() throws {
    let output = try folder.makeFolder("out.glc")
    for path in [output, "\(output)/"] {
      let outcome = try Program.convert.run([Fixtures.tiny, "-o", path])
      expectFailure(outcome, status: 73, naming: [path])
    }
    #expect(folder.names == ["out.glc"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: output).isEmpty)
  }

  /// The tests may be run by root, whom no permission bit stops; /proc takes no files from anyone.
  @Test(arguments: ["/proc/out.glc", "/dev/null", "/dev/full"]) func unwritable(_ path: String) throws {
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", path])
    expectFailure(outcome, status: 73, naming: [path, "cannot create"])
  }

  @Test func aFileInPlaceOfItsFolder() throws {
    let file = try folder.write("file", "text")
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", "\(file)/out.glc"])
    expectFailure(outcome, status: 73, naming: ["\(file)/out.glc", "Not a directory"])
    #expect(folder.names == ["file"])
  }

  @Test func noName() throws {
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", ""], in: folder.path)
    expectFailure(outcome, status: 73, naming: ["cannot create"])
    #expect(folder.names.isEmpty)
  }

  /// The checkpoint is what must not be lost.
  @Test(arguments: ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"])
  func anInputInItsPlace(_ name: String) throws {
    let checkpoint = try folder.checkpoint()
    try FileManager.default.createSymbolicLink(atPath: folder["link"], withDestinationPath: "\(checkpoint)/\(name)")
    for path in ["\(checkpoint)/\(name)", "\(checkpoint)/../checkpoint/\(name)", folder["link"]] {
      let outcome = try Program.convert.run([checkpoint, "-o", path])
      expectFailure(outcome, status: 73, naming: [path, name])
      #expect(try bytes("\(checkpoint)/\(name)") == bytes("\(Fixtures.tiny)/\(name)"))
    }
  }

  /// A limit on the size of files, which fails as a full disk does: whether its signal is ignored or not.
  @Test(arguments: ["trap '' XFSZ;", ""]) func sizeLimit(_ trap: String) throws {
    try folder.write("out.glc", "old")
    let outcome = try ChildProcess.run(
      [
        "/bin/sh", "-c", "\(trap) ulimit -f 100; exec \"$@\"", "sh", Program.convert.path, Fixtures.tiny, "-o",
        folder["out.glc"],
      ])
    expectFailure(outcome, status: 74, naming: [folder["out.glc"], "write failed", "File too large"])
    #expect(folder.names == ["out.glc"])
    #expect(try folder.bytes("out.glc") == Array("old".utf8))
  }

  /// Whether a file system can be mounted where nobody else sees it.
  static let canMount: Bool = {
    let script = "mount -t tmpfs -o size=64k none \"$1\" && touch \"$1/file\""
    guard let folder = try? TemporaryFolder() else { return false }
    let outcome = try? ChildProcess.run(["/usr/bin/env", "unshare", "-m", "/bin/sh", "-c", script, "sh", folder.path])
    return outcome?.end == .status(0)
  }()

  /// A disk that is really full: a small tmpfs. `sizeLimit` covers machines where it cannot be mounted.
  @Test(.enabled(if: canMount, "mounting needs a mount namespace; the size limit stands for the full disk"))
  func fullDisk() throws {
    let disk = try folder.makeFolder("disk")
    let script = """
      mount -t tmpfs -o size=256k none "$1" && echo old > "$1/out.glc" || exit 99
      "$2" "$3" -o "$1/out.glc"; status=$?
      ls -A "$1" > "$4"; cat "$1/out.glc" >> "$4"; exit $status
      """
    let outcome = try ChildProcess.run(
      [
        "/usr/bin/env", "unshare", "-m", "/bin/sh", "-c", script, "sh", disk, Program.convert.path, Fixtures.tiny,
        folder["seen"],
      ])
    expectFailure(outcome, status: 74, naming: ["\(disk)/out.glc", "write failed", "No space left on device"])
    #expect(try String(decoding: folder.bytes("seen"), as: UTF8.self) == "out.glc\nold\n")
  }

  /// Killed at several moments of the work: the folder holds what it held before, or the whole new file.
  @Test(arguments: [false, true]) func killed(hasOldFile: Bool) throws {
    let whole = try Models.debianTags.get()
    let started = Date()
    _ = try Program.convert.run([Fixtures.debianTags, "-o", folder["whole.glc"]])
    try FileManager.default.removeItem(atPath: folder["whole.glc"])
    let duration = min(Date().timeIntervalSince(started), 2)
    var killed = 0
    for moment in 0..<12 {
      if hasOldFile { try folder.write("out.glc", "old") } else { unlink(folder["out.glc"]) }
      let end = try ChildProcess.run(
        [Program.convert.path, Fixtures.debianTags, "-o", folder["out.glc"]],
        stop: (SIGKILL, duration * Double(moment) / 12)
      ).end
      if end == .signal(SIGKILL) { killed += 1 }
      let found = folder.names.isEmpty ? nil : try folder.bytes("out.glc")
      #expect(folder.names.allSatisfy { $0 == "out.glc" }, "killed at moment \(moment): \(folder.names)")
      let isUntouched = hasOldFile ? found == Array("old".utf8) : found == nil
      #expect(isUntouched || found == whole, "killed at moment \(moment): \(found?.count ?? 0) bytes")
      #expect(end == .signal(SIGKILL) || found == whole)
    }
    #expect(killed > 0)
  }

  /// Stopped by a signal that asks: no less clean.
  @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func interrupted(_ signal: Int32) throws {
    try folder.write("out.glc", "old")
    let end = try ChildProcess.run(
      [Program.convert.path, Fixtures.debianTags, "-o", folder["out.glc"]], stop: (signal, 0.02)
    ).end
    #expect(folder.names == ["out.glc"])
    #expect(try folder.bytes("out.glc") == (end == .status(0) ? Models.debianTags.get() : Array("old".utf8)))
  }

  /// Whatever is read is not written to.
  @Test func noInputIsReplaced() throws {
    let folder = try TemporaryFolder()
    let texts = try bytes("\(Fixtures.tiny)/eval.jsonl")
    let recipe = Array("{\"schema\": 1}".utf8)
    for option in ["--calibrate", "--keep-vocab", "--data", "--reference", "--recipe"] {
      let file = try folder.write("in.jsonl", option == "--recipe" ? recipe : texts)
      let search = ["--data", "--reference"].contains(option) ? ["--max-f1-drift", "0.5"] : []
      let data = option == "--reference" ? ["--data", "\(Fixtures.tiny)/eval.jsonl"] : []
      let outcome = try Program.convert.run([Fixtures.tiny, "-o", file, option, file] + search + data)
      expectFailure(outcome, status: 73, naming: [file, "is read"])
      #expect(try folder.bytes("in.jsonl") == (option == "--recipe" ? recipe : texts))
    }
    let file = try folder.write("in.jsonl", texts)
    let report = ["--sensitivity", "--data", file, "--json", file]
    expectFailure(try Program.convert.run([Fixtures.tiny] + report), status: 73, naming: [file, "is read"])
    #expect(try folder.bytes("in.jsonl") == texts)
    expectFailure(
      try Program.convert.run(
        [Fixtures.tiny, "-o", folder["a"], "--max-f1-drift", "0.5", "--data", file, "--json", folder["a"]]),
      status: 64, naming: ["--json"])
    #expect(folder.names == ["in.jsonl"])
  }
}
