import ModelCore

/// Runs `body`, turning its error into one of this module.
func reading<Value>(_ body: () throws(ModelCoreError) -> Value) throws(CheckpointError) -> Value {
  do throws(ModelCoreError) { return try body() } catch { throw .core(error) }
}

extension MappedFile {
  /// `checkIntact()` in this module's errors.
  func requireIntact() throws(CheckpointError) {
    try reading { () throws(ModelCoreError) in try checkIntact() }
  }
}
