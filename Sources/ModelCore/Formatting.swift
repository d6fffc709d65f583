/// Numbers for people.
public enum Formatting {
  /// A size in bytes, as `13.9 MB` (powers of 1000).
  public static func size(_ bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(decimals(value, value < 10 ? 2 : 1)) \(units[unit])"
  }

  /// `value` with `count` decimals.
  public static func decimals(_ value: Double, _ count: Int) -> String {
    if value.isNaN { return "NaN" }
    guard value.magnitude < 1e12 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<count { scale *= 10 }
    let rounded = (value.magnitude * scale).rounded()
    guard rounded < 9e18 else { return "\(value)" }
    let scaled = Int(rounded)
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard count > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % Int(scale))
    return "\(sign)\(scaled / Int(scale))." + String(repeating: "0", count: count - fraction.count) + fraction
  }

  /// Two digits a byte, lower case.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// `value` with `count` decimals and always a sign.
  public static func signed(_ value: Double, _ count: Int) -> String {
    let text = decimals(value, count)
    return text.hasPrefix("-") || value.isNaN ? text : "+" + text
  }
}
