import ArgumentParser
import Glibc
import ModelCore

extension ParsableCommand {
  /// Parses the command line and runs the command it names: the whole of a program.
  ///
  /// A complaint about the command line has the form of every other error, one line and a hint.
  public static func runProgram() {
    // A file beyond a limit set by the user's shell is then a write error like a full disk, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    reserveStandardStreams()
    checkArguments()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as ArgumentParser.ExitCode {
      // Everything has been said.
      exit(withError: error)
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      Console.error("error: \(message(for: error).onOneLine)")
      // The parser's last line names the subcommand: "See 'gliclass classify --help' for more information."
      let help = fullMessage(for: error).split(separator: "'").first { $0.hasSuffix(" --help") }
      Console.error("hint: see \(help ?? "\(_commandName) --help")")
      Glibc.exit(ExitStatus.usage.rawValue)
    }
  }

  /// An argument that is no text would reach us with other characters in place of its bytes.
  private static func checkArguments() {
    for (position, argument) in CommandLine.arguments.enumerated() {
      guard let bytes = CommandLine.unsafeArgv[position], strcmp(bytes, argument) != 0 else { continue }
      Console.error("error: argument \(position): expected UTF-8, found \"\(argument.onOneLine)\"")
      Glibc.exit(ExitStatus.usage.rawValue)
    }
  }

  /// Opens what the caller closed of the three streams, so that no file of ours becomes standard output. Each is opened
  /// so that its use fails, as it would have (glibc does the same for privileged programs).
  private static func reserveStandardStreams() {
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", mode)
    }
  }

  /// Runs `body`; an error goes to standard error as one line (and a hint where there is one), and decides the exit
  /// status (docs/architecture.md, "Exit status").
  public func reporting(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as any Diagnostic {
      Console.error("error: \(error.message.onOneLine)")
      if let hint = error.hint { Console.error("hint: \(hint.onOneLine)") }
      throw ArgumentParser.ExitCode(error.exitStatus.rawValue)
    } catch let error as ArgumentParser.ExitCode {
      throw error
    } catch {
      // No module throws anything else: status 1 would be taken for a verdict.
      Console.error("error: internal: \("\(error)".onOneLine)")
      throw ArgumentParser.ExitCode(ExitStatus.internalError.rawValue)
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

  /// Columns of the terminal that standard error is; 80 where it does not say.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }

  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { fail(descriptor, errno) }
        done += written
      }
    }
  }

  /// A reader that went away ends the program without a word, as the signal would have; anything else is said.
  private static func fail(_ descriptor: Int32, _ code: Int32) -> Never {
    if descriptor == STDOUT_FILENO && code != EPIPE {
      error("error: standard output: write failed: \(String(cString: strerror(code)))")
    }
    exit(ExitStatus.inputOutput.rawValue)
  }
}
