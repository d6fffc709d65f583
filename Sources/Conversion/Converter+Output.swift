import Checkpoints
import ModelCore

extension Converter {
  /// Refuses an output that is one of the files read, by whatever name: it would replace the checkpoint.
  package static func refuseOverwriting(_ checkpoint: Checkpoint, output: String) throws(ConversionError) {
    try refuseOverwriting(checkpoint.paths, output: output)
  }

  /// The same of any files.
  public static func refuseOverwriting(_ inputs: [String], output: String) throws(ConversionError) {
    guard let target = FileIdentity(output) else { return }
    for input in inputs where FileIdentity(input) == target {
      throw .core(.cannotCreate(path: output, reason: "it is \(input), which is read"))
    }
  }
}
