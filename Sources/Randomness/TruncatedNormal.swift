import Glibc

/// The standard normal distribution cut to `-bound...bound`.
struct TruncatedNormal {
    let bound: Double
    /// The normal distribution's value at `-bound`.
    private let tail: Double

    init(bound: Double) {
        self.bound = bound
        tail = Self.below(-bound)
    }

    /// The inverse of the distribution function.
    ///
    /// - Parameter probability: 0 to 1.
    /// - Returns: to about 1e-14 of the bound.
    func quantile(_ probability: Double) -> Double {
        // By symmetry only the lower half is inverted; there the function is convex, so that Newton's steps from 0
        // come down to the root without overshooting.
        if probability > 0.5 { return -quantile(1 - probability) }
        if probability == 0.5 { return 0 }
        let target = tail + probability * (1 - 2 * tail)
        var x = 0.0
        for _ in 0..<60 {
            let density = exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
            let next = x - (Self.below(x) - target) / density
            guard next < x else { break }
            x = next
        }
        return max(x, -bound)
    }

    private static func below(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }
}
