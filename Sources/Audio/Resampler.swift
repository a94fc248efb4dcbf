/// Changes the sampling rate of one channel, block by block.
///
/// The samples equal those of torchaudio's `functional.resample` with its defaults within 10⁻⁵ of full scale, the
/// kernel's float rounding included. They do not depend on how the input is cut into blocks, bit for bit: a sample
/// is eight partial sums over its inputs in order, added by a fixed tree. Their number is ceil(inputs x target /
/// source); torchaudio rounds that quotient to single precision and so differs beyond 2²⁴ samples.
///
/// Memory: the kernel's rows, at most 50 MB (26 kB for 44,100 to 16,000), one block and as many inputs as a sample
/// needs.
public struct Resampler: Sendable {
    /// The highest rate on either side.
    public static let highestRate = 768_000

    /// `nil` where both rates are the same.
    private let kernel: ResamplerKernel?
    /// Inputs that are still needed; the first is input number `start`, those before the sound are zeros.
    private var history: [Float] = []
    private var start = 0
    /// The next sample's phase, the number of its first input, and what rounding that down left over.
    private var phase = 0
    private var position = 0
    private var remainder = 0
    private var inputs = 0
    private var outputs = 0

    /// - Parameters:
    ///   - source: samples a second that come in, from 1 to ``highestRate``.
    ///   - target: samples a second that go out, in the same range.
    /// - Throws: ``AudioError/argument(what:expected:found:)`` for other rates.
    public init(from source: Int, to target: Int) throws(AudioError) {
        for rate in [source, target] where !(1...Self.highestRate).contains(rate) {
            throw .argument(what: "sampling rate", expected: "1 to \(Self.highestRate) Hz", found: "\(rate)")
        }
        kernel = source == target ? nil : ResamplerKernel(from: source, to: target)
        reset()
    }

    /// All samples of a sound at another rate.
    ///
    /// - Throws: as ``init(from:to:)``.
    public static func resample(_ samples: [Float], from source: Int, to target: Int) throws(AudioError) -> [Float] {
        var resampler = try Resampler(from: source, to: target)
        return resampler.process(samples) + resampler.finish()
    }

    /// Takes the next samples and gives those that are ready.
    public mutating func process(_ block: [Float]) -> [Float] {
        var samples: [Float] = []
        block.withUnsafeBufferPointer { process($0, into: &samples) }
        return samples
    }

    /// Ends the sound and gives the samples that were waiting for what follows. The next block begins a new sound.
    public mutating func finish() -> [Float] {
        var samples: [Float] = []
        finish(into: &samples)
        return samples
    }

    /// As ``process(_:)``, appended.
    mutating func process(_ block: UnsafeBufferPointer<Float>, into samples: inout [Float]) {
        guard let kernel else {
            samples.append(contentsOf: block)
            return
        }
        history.append(contentsOf: block)
        inputs += block.count
        // The first input of the first sample that cannot be made yet lies beyond `ready`.
        let ready = start + history.count - kernel.taps
        guard position <= ready else { return }
        // Positions rise by orig / new a sample; the count is the quotient rounded down, plus this one.
        let (steps, left) = ((ready - position) * kernel.new + (kernel.new - 1 - remainder), kernel.orig)
        append(steps / left + 1, kernel, to: &samples)
        drop()
    }

    /// As ``finish()``, appended.
    mutating func finish(into samples: inout [Float]) {
        guard let kernel else { return }
        // Rates are below 2^20: no overflow before 2^43 inputs, which take months to arrive.
        let total = (inputs * kernel.new + kernel.orig - 1) / kernel.orig
        let last = (total - 1) * kernel.orig / kernel.new - kernel.width + kernel.taps
        let missing = last - (start + history.count)
        if missing > 0 { history.append(contentsOf: repeatElement(0, count: missing)) }
        append(max(0, total - outputs), kernel, to: &samples)
        reset()
    }

    private mutating func reset() {
        history.removeAll(keepingCapacity: true)
        (phase, remainder, inputs, outputs) = (0, 0, 0, 0)
        guard let kernel else { return }
        history.append(contentsOf: repeatElement(0, count: kernel.width))
        start = -kernel.width
        position = -kernel.width
    }

    /// Makes `count` samples whose inputs are all there.
    private mutating func append(_ count: Int, _ kernel: ResamplerKernel, to samples: inout [Float]) {
        guard count > 0 else { return }
        let (whole, part) = kernel.orig.quotientAndRemainder(dividingBy: kernel.new)
        var (phase, position, remainder) = (phase, position, remainder)
        let start = start
        let fresh = [Float](unsafeUninitializedCapacity: count) { out, initialized in
            history.withUnsafeBufferPointer { history in
                kernel.rows.withUnsafeBufferPointer { rows in
                    guard let history = history.baseAddress, let rows = rows.baseAddress else { return }
                    initialized = count
                    for n in 0..<count {
                        out[n] = Self.product(
                            history + (position - start), rows + phase * kernel.taps, kernel.taps)
                        phase += 1
                        if phase == kernel.new { phase = 0 }
                        position += whole
                        remainder += part
                        if remainder >= kernel.new {
                            remainder -= kernel.new
                            position += 1
                        }
                    }
                }
            }
        }
        samples.append(contentsOf: fresh)
        (self.phase, self.position, self.remainder) = (phase, position, remainder)
        outputs += count
    }

    /// Lets go of the inputs before the next sample's.
    private mutating func drop() {
        let count = min(position - start, history.count)
        guard count > 0 else { return }
        history.removeSubrange(..<count)
        start += count
    }

    /// The sum of `count` products, `count` a multiple of ``ResamplerKernel/lanes``.
    @inline(__always)
    private static func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        var sums = SIMD8<Float>.zero
        var at = 0
        while at < count * 4 {
            sums +=
                left.loadUnaligned(fromByteOffset: at, as: SIMD8<Float>.self)
                * right.loadUnaligned(fromByteOffset: at, as: SIMD8<Float>.self)
            at += ResamplerKernel.lanes * 4
        }
        let four = sums.lowHalf + sums.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}
