import Dispatch
import Synchronization

extension ReferenceModel {
  /// The logits of many inputs, each computed by itself as by ``outputs(inputIDs:labelCount:observer:)``, several at a time.
  /// - Parameters:
  ///   - inputs: One list of token ids a text, and the number of its labels (`nil`: as many as it has label tokens).
  ///   - threads: Texts that are computed at the same time.
  ///   - progress: Called with the number of inputs done so far, on any thread.
  /// - Returns: One list of logits an input, in the order of `inputs`.
  /// - Throws: The error of the first input that fails.
  public func logits(
    batch inputs: [(inputIDs: [Int32], labelCount: Int?)], threads: Int = 2, progress: (@Sendable (Int) -> Void)? = nil
  ) throws(ReferenceModelError) -> [[Float]] {
    let results = Mutex<[Int: Result<[Float], ReferenceModelError>]>([:])
    let workerCount = max(1, min(threads, inputs.count))
    DispatchQueue.concurrentPerform(iterations: workerCount) { worker in
      for index in stride(from: worker, to: inputs.count, by: workerCount) {
        let (ids, count) = inputs[index]
        let result = Result { () throws(ReferenceModelError) in try outputs(inputIDs: ids, labelCount: count).logits }
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
