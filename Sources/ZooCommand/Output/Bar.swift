/// A horizontal bar.
enum Bar {
    /// `fraction` (0 to 1; outside it is clamped, not-a-number is 0) as a bar of exactly `width` cells: eighths of a
    /// block where there is Unicode, else `#`.
    static func draw(_ fraction: Double, width: Int, usesUnicode: Bool) -> String {
        let width = max(0, width)
        let share = fraction.isNaN ? 0 : min(1, max(0, fraction))
        guard usesUnicode else {
            let full = Int((share * Double(width)).rounded())
            return String(repeating: "#", count: full) + String(repeating: " ", count: width - full)
        }
        let eighths = Int((share * Double(width * 8)).rounded())
        let part = partial[eighths % 8]
        let bar = String(repeating: "█", count: eighths / 8) + part
        return bar + String(repeating: " ", count: width - eighths / 8 - part.count)
    }

    private static let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
}
