/// A part of the inputs, one of several that together are all: the inputs are cut into as many runs of neighbours,
/// whose lengths differ by one at most.
struct EmbeddingShard: Equatable {
    /// Which part, from 1.
    let index: Int
    /// How many parts there are.
    let count: Int

    /// The most parts.
    static let countLimit = 100_000

    /// All inputs.
    static let whole = EmbeddingShard(index: 1, count: 1)

    init(index: Int, count: Int) { (self.index, self.count) = (index, count) }

    /// Understands `i/n`; `nil` where it is nothing of the kind.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let index = Self.number(parts[0]), let count = Self.number(parts[1]), index <= count
        else { return nil }
        self.init(index: index, count: count)
    }

    /// The places of its inputs among `total`.
    func range(of total: Int) -> Range<Int> { cut(index - 1, total)..<cut(index, total) }

    private func cut(_ part: Int, _ total: Int) -> Int {
        // The first `total % count` parts have one more.
        total / count * part + min(part, total % count)
    }

    private static func number(_ text: String) -> Int? {
        guard let value = Int(text), (1...countLimit).contains(value), String(value) == text else { return nil }
        return value
    }
}
