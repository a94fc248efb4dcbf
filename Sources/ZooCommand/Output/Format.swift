/// Numbers for people to read, the same in every locale. Programs get `--json`.
enum Format {
    /// `value` with `digits` (0 to 9) digits after the point, rounded half away from zero: `decimal(12.345, 1)` is
    /// "12.3". What is not finite is "nan", "inf" or "-inf".
    static func decimal(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let digits = min(9, max(0, digits))
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = (value.magnitude * Double(scale)).rounded()
        // Beyond 2^63 no digit after the point is left in a Double.
        guard let units = Int(exactly: scaled) else { return "\(value)" }
        let sign = value < 0 && units > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(units)" }
        let fraction = String(units % scale)
        return "\(sign)\(units / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }

    /// A share of one as a percentage: "93.4 %".
    static func percent(_ share: Double) -> String { "\(decimal(share * 100, 1)) %" }

    /// A count with a decimal prefix: "512", "25.6 M"; with a unit: "8.2 GFLOP". Three digits before the point at
    /// most, one after; whole numbers below a thousand have none.
    static func count(_ value: Double, unit: String = "") -> String {
        prefixed(value, prefixes: ["", "k", "M", "G", "T", "P", "E"], unit: unit)
    }

    /// A count of bytes in decimal units: "512 B", "97.5 MB". A megabyte is 10^6 bytes.
    static func bytes(_ value: Int) -> String {
        prefixed(Double(value), prefixes: ["", "k", "M", "G", "T", "P", "E"], unit: "B")
    }

    /// A length of time: "850 ns", "12.3 ms", "4.2 s", "1 min 20 s", "2 h 5 min".
    static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "\(decimal(seconds, 1)) s" }
        // The limits are where the smaller unit would be rounded to a thousand (or sixty) of it.
        if seconds < 999.5e-9 { return "\(decimal(seconds * 1e9, 0)) ns" }
        if seconds < 999.95e-6 { return "\(decimal(seconds * 1e6, 1)) µs" }
        if seconds < 999.95e-3 { return "\(decimal(seconds * 1e3, 1)) ms" }
        return seconds < 59.95 ? "\(decimal(seconds, 1)) s" : wholeSeconds(seconds)
    }

    /// A length of time to the second: "19 s", "1 min 20 s", "2 h 5 min".
    static func wholeSeconds(_ seconds: Double) -> String {
        guard let whole = Int(exactly: seconds.rounded()), whole >= 60 else { return "\(decimal(seconds, 0)) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    private static func prefixed(_ value: Double, prefixes: [String], unit: String) -> String {
        var scaled = value
        var index = 0
        while scaled.magnitude >= (index == 0 ? 999.5 : 999.95), index + 1 < prefixes.count {
            scaled /= 1000
            index += 1
        }
        let digits = index == 0 && scaled == scaled.rounded() ? 0 : 1
        let suffix = prefixes[index] + unit
        return decimal(scaled, digits) + (suffix.isEmpty ? "" : " \(suffix)")
    }
}
