/// By how much the scale of a row is corrected once its codes are chosen.
///
/// Values w stand against codes u (in units of the scale that they were chosen with), products weighted by what an error costs.
/// The factor of least squared error, Σwu ÷ Σu², leaves Σwŵ < Σw²: all products of the row come out too small by the same
/// part as its codes fail to follow its values. Σw² ÷ Σwu keeps them at their size. It costs 1 ÷ cos² of the least error, cos being
/// the cosine between the two, and is taken as long as this is at most twice as much.
struct ScaleFit {
  private var values = 0.0
  private var products = 0.0
  private var codes = 0.0

  init() {}

  /// Adds sums over features.
  mutating func add(_ sums: (values: Double, products: Double, codes: Double)) {
    values += sums.values
    products += sums.products
    codes += sums.codes
  }

  /// The factor, 1 where there is nothing to go by.
  var factor: Float {
    guard values > 0, products > 0, codes > 0, values.isFinite, products.isFinite, codes.isFinite else { return 1 }
    let unbiased = products * products * 2 >= values * codes
    let factor = Float(unbiased ? values / products : products / codes)
    return factor.isNormal ? factor : 1
  }
}
