import ArgumentParser
import Glibc
import ModelCore

extension ParsableCommand {
  /// Runs `body`; an error goes to standard error as one line (and a hint where there is one), and decides the exit
  /// status (docs/architecture.md, "Exit status").
  public func reporting(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as any Diagnostic {
      Console.error("error: \(error.message)")
      if let hint = error.hint { Console.error("hint: \(hint)") }
      throw ArgumentParser.ExitCode(error.exitStatus.rawValue)
    }
  }
}

/// The two streams of a program: results, and everything said about them.
public enum Console {
  /// Writes a line to standard output.
  public static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

  /// Writes a line to standard error.
  public static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  /// Whether people look at standard error.
  public static var showsProgress: Bool { isatty(STDERR_FILENO) != 0 }

  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if written < 0 && errno == EINTR { continue }
        // A reader that went away ends the program, as the signal would have.
        guard written > 0 else { exit(ExitStatus.inputOutput.rawValue) }
        done += written
      }
    }
  }
}
