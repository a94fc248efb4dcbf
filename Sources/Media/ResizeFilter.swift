import Glibc

/// Which Pillow's resampling is reproduced: 8-bit results of its versions differ by a level or two, since they run the
/// two passes in another order.
public enum PillowCompatibility: Sendable, Equatable, CaseIterable {
    /// Pillow up to 12.0: rows first, always.
    case v12
    /// Pillow 13.0: columns first where more than twice as many rows as columns go away
    /// (`H - h > 2 (W - w)` and `H > h`, in pixels).
    case v13

    /// Whether the vertical pass comes first.
    func startsWithColumns(width: Int, height: Int, newWidth: Int, newHeight: Int) -> Bool {
        self == .v13 && height > newHeight && height - newHeight > 2 * (width - newWidth)
    }
}

/// The resampling filters of Pillow (`src/libImaging/Resample.c`). All but `nearest` are widened when shrinking.
public enum ResizeFilter: Int, Sendable, Equatable, CaseIterable {
    /// The nearest pixel.
    case nearest = 0
    /// Windowed sinc of three lobes.
    case lanczos = 1
    /// Triangle of half-width 1.
    case bilinear = 2
    /// Cubic convolution with a = -0.5 (Keys 1981), half-width 2.
    case bicubic = 3
    /// Mean of the covered pixels.
    case box = 4
    /// Hamming-windowed sinc of half-width 1.
    case hamming = 5

    /// The filter's name in lower case, as timm's `interpolation` has it.
    public var name: String {
        switch self {
        case .nearest: "nearest"
        case .lanczos: "lanczos"
        case .bilinear: "bilinear"
        case .bicubic: "bicubic"
        case .box: "box"
        case .hamming: "hamming"
        }
    }

    /// The filter's half-width at scale 1, in pixels.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The filter's value at `x` pixels from its centre. The order of operations is the reference's: the weights are
    /// rounded later, and a difference in the last bit can show.
    func value(_ x: Double) -> Double {
        switch self {
        case .nearest:
            return 0
        case .box:
            return x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear:
            return x.magnitude < 1 ? 1 - x.magnitude : 0
        case .hamming:
            if x == 0 { return 1 }
            if x.magnitude >= 1 { return 0 }
            let angle = x.magnitude * Double.pi
            // The reference's constants are in single precision.
            return sin(angle) / angle * (Double(0.54 as Float) + Double(0.46 as Float) * cos(angle))
        case .bicubic:
            let a = -0.5
            let x = x.magnitude
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        case .lanczos:
            return x >= -3 && x < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
        }
    }

    private static func sinc(_ x: Double) -> Double {
        if x == 0 { return 1 }
        let angle = x * Double.pi
        return sin(angle) / angle
    }
}
