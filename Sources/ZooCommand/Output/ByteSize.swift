/// A number of bytes as a person writes it: `1000000`, `500M`, `1.5 GB` (powers of 1000), `2GiB`, `512Ki` (of 1024).
struct ByteSize: Equatable {
    /// The bytes, at least 1.
    let bytes: Int

    private static let units: [(name: String, factor: Double)] = [
        ("", 1), ("k", 1e3), ("m", 1e6), ("g", 1e9), ("t", 1e12), ("ki", 0x1p10), ("mi", 0x1p20), ("gi", 0x1p30),
        ("ti", 0x1p40),
    ]

    /// The size that a text says; `nil` where it says none, or one that no memory has.
    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        if unit.hasSuffix("b") { unit.removeLast() }
        guard let number = Double(digits), let factor = Self.units.first(where: { $0.name == unit })?.factor else {
            return nil
        }
        let bytes = (number * factor).rounded(.down)
        guard bytes >= 1, bytes < 0x1p62 else { return nil }
        self.bytes = Int(bytes)
    }
}
