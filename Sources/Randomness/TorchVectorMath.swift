/// Logarithm, sine and cosine in single precision as PyTorch's vectorised normals compute them.
///
/// The polynomials are those of Cephes' `logf`, `sinf` and `cosf` (Moshier, "Methods and Programs for Mathematical
/// Functions", 1989), evaluated in the order of `aten/src/ATen/native/cpu/avx_mathfun.h` with the multiplications and
/// additions fused where the compiler of PyTorch's AVX2 build fuses them. Every operation is exact to the last bit, so
/// the results are the same on every machine.
enum TorchVectorMath {
    /// 2 pi rounded to the nearest; `Float.pi` is rounded down.
    static let fullTurn = Float(2 * Double.pi)

    /// Makes sixteen normals of sixteen uniforms (Box and Muller, 1958): the first eight give radii, the others angles.
    ///
    /// - Parameters:
    ///   - values: uniforms in [0, 1), which normals replace.
    ///   - start: where the sixteen begin.
    static func boxMuller(_ values: inout [Float], at start: Int) {
        for index in start..<start + 8 {
            let radius = (-2 * logarithm(1 - values[index])).squareRoot()
            let (sine, cosine) = sineAndCosine(fullTurn * values[index + 8])
            values[index] = radius * cosine
            values[index + 8] = radius * sine
        }
    }

    /// The natural logarithm of a normal number in (0, 1].
    static func logarithm(_ value: Float) -> Float {
        // value = mantissa x 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)).
        var exponent = Float(Int32(value.bitPattern >> 23) - 126)
        var x = Float(bitPattern: value.bitPattern & 0x807F_FFFF | 0x3F00_0000)
        if x < 0.707_106_781_186_547_5 {
            exponent -= 1
            x = x - 1 + x
        } else {
            x -= 1
        }
        let square = x * x
        let coefficients: [Float] = [
            7.037_683_629_2E-2, -1.151_461_031_0E-1, 1.167_699_874_0E-1, -1.242_014_084_6E-1, 1.424_932_278_7E-1,
            -1.666_805_766_5E-1, 2.000_071_476_5E-1, -2.499_999_399_3E-1, 3.333_333_117_4E-1,
        ]
        var y = coefficients[0]
        for index in 1..<9 { y = coefficients[index].addingProduct(y, x) }
        y *= x
        // ln 2 in two parts, the larger one short enough for its product to be exact.
        y = (exponent * -2.121_944_40e-4).addingProduct(y, square)
        y = y.addingProduct(square, -0.5)
        return (x + y).addingProduct(exponent, 0.693_359_375)
    }

    /// Sine and cosine of an angle in [0, 2 pi).
    static func sineAndCosine(_ angle: Float) -> (sine: Float, cosine: Float) {
        // The nearest even multiple of pi / 4, taken off in three parts.
        let octant = (Int32(angle * 1.273_239_544_735_16) + 1) & ~1
        let multiple = Float(octant)
        var x = angle.addingProduct(multiple, -0.785_156_25)
        x = x.addingProduct(multiple, -2.418_756_484_985_351_562_5e-4)
        x = x.addingProduct(multiple, -3.774_894_977_445_941_08e-8)
        let square = x * x

        var even: Float = 2.443_315_711_809_948e-5
        even = (-1.388_731_625_493_765e-3 as Float).addingProduct(even, square)
        even = (4.166_664_568_298_827e-2 as Float).addingProduct(even, square)
        even *= square
        even = (-(square * 0.5)).addingProduct(even, square) + 1

        var odd: Float = -1.951_529_589_1E-4
        odd = (8.332_160_873_6E-3 as Float).addingProduct(odd, square)
        odd = (-1.666_665_461_1E-1 as Float).addingProduct(odd, square)
        odd = x.addingProduct(odd * square, x)

        let (sine, cosine) = octant & 2 == 0 ? (odd, even) : (even, odd)
        return (octant & 4 == 0 ? sine : -sine, (octant - 2) & 4 == 0 ? -cosine : cosine)
    }
}
