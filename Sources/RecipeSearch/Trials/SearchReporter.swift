/// Says what is being done, and asks whether to stop.
package struct SearchReporter {
  private let budget: SearchBudget
  private let isStopped: () -> Bool
  private let draw: (_ part: Double, _ what: String) -> Void

  /// - Parameters:
  ///   - isStopped: whether somebody asked to stop.
  ///   - show: called with the part of the time that has passed, and what is being done.
  package init(
    budget: SearchBudget, isStopped: @escaping () -> Bool, show: @escaping (_ part: Double, _ what: String) -> Void
  ) {
    self.budget = budget
    self.isStopped = isStopped
    draw = show
  }

  /// - Parameter part: of the work, where that is known; else that of the time.
  func report(_ what: String, part: Double? = nil) throws(RecipeSearchError) {
    try checkStopped()
    show(what, part: part ?? min(1, budget.seconds > 0 ? budget.elapsed() / budget.seconds : 1))
  }

  /// Where nobody can stop.
  func show(_ what: String, part: Double) { draw(part, what) }

  func checkStopped() throws(RecipeSearchError) {
    if isStopped() { throw .stopped }
  }
}
