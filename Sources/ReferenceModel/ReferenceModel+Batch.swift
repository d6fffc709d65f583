import Dispatch
import Synchronization

extension ReferenceModel {
  /// The logits of many inputs, each computed by itself as by ``logits(inputIDs:observer:)``, several at a time.
  /// - Parameters:
  ///   - inputs: One list of token ids a text.
  ///   - threads: Texts that are computed at the same time.
  ///   - progress: Called with the number of inputs done so far, on any thread.
  /// - Returns: One list of logits an input, in the order of `inputs`.
  /// - Throws: The error of the first input that fails.
  public func logits(
    batch inputs: [[Int32]], threads: Int = 2, progress: (@Sendable (Int) -> Void)? = nil
  ) throws(ReferenceModelError) -> [[Float]] {
    let results = Mutex<[Int: Result<[Float], ReferenceModelError>]>([:])
    let workerCount = max(1, min(threads, inputs.count))
    DispatchQueue.concurrentPerform(iterations: workerCount) { worker in
      for index in stride(from: worker, to: inputs.count, by: workerCount) {
        let result = Result { () throws(ReferenceModelError) in try logits(inputIDs: inputs[index]) }
        let done = results.withLock {
          $0[index] = result
          return $0.count
        }
        progress?(done)
        if case .failure = result { return }
      }
    }
    let all = results.withLock { $0 }
    var ordered: [[Float]] = []
    for index in inputs.indices {
      // Inputs after a failure may be absent; the failure comes first, because a worker goes upwards.
      if let result = all[index] { ordered.append(try result.get()) }
    }
    return ordered
  }
}
