import JSON

/// The widths of networks that their reference libraries fix: those of the name, or a fraction of each.
///
/// `width_divisor` in `model_args` divides every width of a network, at least 1 being left: how small models of these
/// families are written down.
struct FixedWidths: Sendable, Equatable {
    /// The key in `model_args`.
    static let key = "width_divisor"

    private let divisor: Int

    /// Reads the fraction.
    ///
    /// - Parameter arguments: `model_args`.
    init(_ arguments: Config) throws(ConfigError) {
        divisor = try arguments.int(Self.key, in: 1...1024, default: 1)
    }

    /// What becomes of a width of the full-size network.
    func callAsFunction(_ width: Int) -> Int { max(1, width / divisor) }
}
