import Glibc

/// Seeds as a command line lists them, `7` or `0-15,42`, in that order.
struct SeedList: Equatable, Sendable {
    /// Pictures that one command makes at most.
    static let limit = 10_000

    /// The seeds; one that is listed twice is there twice.
    let seeds: [UInt64]

    /// - Returns: `nil` where the text is no such list, a range falls, or there are more than ``limit``.
    init?(_ text: String) {
        var seeds: [UInt64] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let first = Self.number(ends[0]),
                let last = Self.number(ends[ends.count - 1]),
                first <= last, last - first < UInt64(Self.limit)
            else {
                return nil
            }
            seeds += first...last
            guard seeds.count <= Self.limit else { return nil }
        }
        self.seeds = seeds
    }

    /// As many seeds as there are pictures, from the first one on.
    ///
    /// - Returns: `nil` where they would go beyond the last seed.
    init?(from first: UInt64, count: Int) {
        let (last, overflows) = first.addingReportingOverflow(UInt64(count - 1))
        guard !overflows else { return nil }
        seeds = Array(first...last)
    }

    private static func number(_ text: Substring) -> UInt64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(text) : nil
    }
}

/// A walk from one seed's picture to another's, `3..8`.
struct SeedWalk: Equatable, Sendable {
    let first: UInt64
    let last: UInt64

    init?(_ text: String) {
        guard let dots = text.firstRange(of: ".."), let first = SeedList(String(text[..<dots.lowerBound])),
            let last = SeedList(String(text[dots.upperBound...])), first.seeds.count == 1, last.seeds.count == 1
        else {
            return nil
        }
        (self.first, self.last) = (first.seeds[0], last.seeds[0])
    }

    /// Spherical interpolation between two arrays of normals: what lies between them has the length that a draw has,
    /// which a straight line would leave (Shoemake 1985; White 2016, arXiv:1609.04468).
    ///
    /// - Parameters:
    ///   - first: at `share` 0.
    ///   - last: at `share` 1.
    ///   - share: 0...1.
    static func between(_ first: [Float], _ last: [Float], at share: Double) -> [Float] {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        let lengths = (dot(first, first) * dot(last, last)).squareRoot()
        let cosine = lengths > 0 ? max(-1, min(1, dot(first, last) / lengths)) : 1
        let angle = acos(cosine)
        let (a, b) =
            angle < 1e-6 || angle > .pi - 1e-6
            ? (1 - share, share) : (sin((1 - share) * angle) / sin(angle), sin(share * angle) / sin(angle))
        return zip(first, last).map { Float(a * Double($0) + b * Double($1)) }
    }
}
