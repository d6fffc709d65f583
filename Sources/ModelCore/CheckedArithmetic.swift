/// Arithmetic on numbers that come from outside: `nil` where the result does not fit.
extension FixedWidthInteger {
  /// `self + other`, or `nil` on overflow.
  @inlinable public func checkedAdding(_ other: Self) -> Self? {
    let (value, overflow) = addingReportingOverflow(other)
    return overflow ? nil : value
  }

  /// `self * other`, or `nil` on overflow.
  @inlinable public func checkedMultiplying(by other: Self) -> Self? {
    let (value, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : value
  }

  /// `self` rounded up to a multiple of `alignment` (> 0), or `nil` on overflow. `self` must not be negative.
  @inlinable public func checkedRoundedUp(toMultipleOf alignment: Self) -> Self? {
    guard let sum = checkedAdding(alignment - 1) else { return nil }
    return sum - sum % alignment
  }
}

extension FixedWidthInteger {
  /// `self` rounded up to a multiple of `alignment`, for sizes already known to be small.
  @inlinable public func roundedUp(toMultipleOf alignment: Self) -> Self {
    (self + alignment - 1) / alignment * alignment
  }
}

extension Sequence where Element == Int {
  /// The product of all dimensions, or `nil` where one is negative or the product overflows. 1 for a scalar.
  public func checkedElementCount() -> Int? {
    var product = 1
    for dimension in self {
      guard dimension >= 0, let next = product.checkedMultiplying(by: dimension) else { return nil }
      product = next
    }
    return product
  }
}
