internal import Glibc

/// The windowed sinc of torchaudio's `functional.resample` with its defaults: `sinc_interp_hann`, six zero
/// crossings a side, roll-off 0.99.
///
/// For each of `new` phases torchaudio keeps a row of `2 width + orig` values, of which all but about `2 width` are
/// zero to any precision: gigabytes for a pair such as 44,101 and 16,000. Here a phase's row begins where the sinc
/// does.
///
/// torchaudio computes the rows in the precision of the sound, single, in which the position of a tap is off by up
/// to 10⁻³ samples for such pairs. To equal it, the same operations are rounded in the same places here.
struct ResamplerKernel: Sendable {
    /// Rates over their greatest common divisor.
    let orig, new: Int
    /// Inputs to the left of an output's position that it may need.
    let width: Int
    /// Inputs an output is a sum of, rounded up to a whole number of vectors by zeros at the end.
    let taps: Int
    /// `new` rows of `taps`; row `phase` belongs to inputs from `phase * orig / new - width` on.
    let rows: [Float]

    /// Samples summed side by side.
    static let lanes = 8

    init(from source: Int, to target: Int) {
        var (a, b) = (source, target)
        while b != 0 { (a, b) = (b, a % b) }
        let (orig, new) = (source / a, target / a)
        let zeros: Float = 6
        let cutoff = Double(min(orig, new)) * 0.99
        let width = Int((6 * Double(orig) / cutoff).rounded(.up))
        let used = 2 * width + 2
        let taps = (used + Self.lanes - 1) / Self.lanes * Self.lanes
        let scale = Float(cutoff / Double(orig))
        rows = [Float](unsafeUninitializedCapacity: new * taps) { rows, count in
            rows.initialize(repeating: 0)
            for phase in 0..<new {
                let shift = Float(-phase) / Float(new)
                let first = phase * orig / new - width
                for tap in 0..<used where first + tap < width + orig {
                    var t = (shift + Float(first + tap) / Float(orig)) * Float(cutoff)
                    t = min(max(t, -zeros), zeros)
                    let wave = Float(cos(Double(t * Float.pi32 / zeros / 2)))
                    let angle = t * Float.pi32
                    let sinc = angle == 0 ? 1 : Float(sin(Double(angle))) / angle
                    rows[phase * taps + tap] = sinc * (wave * wave * scale)
                }
            }
            count = new * taps
        }
        self.orig = orig
        self.new = new
        self.width = width
        self.taps = taps
    }
}

extension Float {
    /// Pi rounded to nearest; `Float.pi` is rounded towards zero.
    fileprivate static let pi32 = Float(Double.pi)
}
