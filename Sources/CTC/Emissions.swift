import Glibc

/// Log-probabilities of every token at every frame.
public struct Emissions: Sendable, Equatable {
    /// The number of frames.
    public private(set) var frames: Int
    /// The number of tokens.
    public let count: Int
    /// Natural logarithms of probabilities, `[frames, count]`, row by row: at most 0, `-infinity` for impossible ones.
    public private(set) var values: [Float]

    /// The most tokens a row may have.
    public static let countLimit = 1 << 20

    /// Takes log-probabilities as they are.
    ///
    /// - Throws: ``CTCError/emissions(expected:found:)`` where the shape does not fit, or a value is NaN or
    ///   `+infinity`.
    public init(logProbabilities values: [Float], frames: Int, count: Int) throws(CTCError) {
        try Self.check(values, frames: frames, count: count)
        self.frames = frames
        self.count = count
        self.values = values
    }

    /// No frames.
    public init(count: Int) {
        frames = 0
        self.count = max(1, count)
        values = []
    }

    /// The log-softmax of logits `[frames, count]` over the tokens, shifted by the largest of a row, so that no logit
    /// is too large; sums are in double precision.
    ///
    /// - Throws: ``CTCError/emissions(expected:found:)`` where the shape does not fit, a value is NaN or `+infinity`,
    ///   or a row is `-infinity` throughout.
    public static func logSoftmax(logits: [Float], frames: Int, count: Int) throws(CTCError) -> Emissions {
        try check(logits, frames: frames, count: count)
        // Empty arrays share one storage, into which the standard library would write below from every thread.
        guard frames > 0 else { return Emissions(count: count) }
        var impossible: Int?
        let values = [Float](unsafeUninitializedCapacity: logits.count) { output, initialized in
            logits.withUnsafeBufferPointer { input in
                for frame in 0..<frames {
                    let row = frame * count..<(frame + 1) * count
                    var largest = -Float.infinity
                    for place in row { largest = max(largest, input[place]) }
                    if largest == -.infinity && impossible == nil { impossible = frame }
                    var sum = 0.0
                    for place in row { sum += exp(Double(input[place]) - Double(largest)) }
                    let shift = log(sum)
                    for place in row { output[place] = Float(Double(input[place]) - Double(largest) - shift) }
                }
            }
            initialized = logits.count
        }
        if let impossible {
            throw .emissions(expected: "a token that is possible", found: "none at frame \(impossible)")
        }
        var result = Emissions(count: count)
        result.frames = frames
        result.values = values
        return result
    }

    /// Some of the frames; the range must lie within them.
    public subscript(range: Range<Int>) -> Emissions {
        precondition(range.lowerBound >= 0 && range.upperBound <= frames, "frames out of range")
        var result = Emissions(count: count)
        result.frames = range.count
        result.values = Array(values[range.lowerBound * count..<range.upperBound * count])
        return result
    }

    /// Appends another's frames.
    ///
    /// - Throws: ``CTCError/emissions(expected:found:)`` where the other has another number of tokens.
    public mutating func append(_ other: Emissions) throws(CTCError) {
        guard other.count == count else {
            throw .emissions(expected: "\(count) tokens a frame", found: "\(other.count)")
        }
        values += other.values
        frames += other.frames
    }

    /// The log-probability of a token at a frame.
    subscript(frame: Int, token: Int) -> Float { values[frame * count + token] }

    private static func check(_ values: [Float], frames: Int, count: Int) throws(CTCError) {
        guard count >= 1, count <= countLimit, frames >= 0, frames <= Int.max / countLimit,
            values.count == frames * count
        else {
            throw .emissions(
                expected: "frames x tokens values, 1...\(countLimit) tokens",
                found: "\(values.count) values for \(frames) x \(count)")
        }
        let wrong = values.withUnsafeBufferPointer { buffer in buffer.firstIndex { !($0 < .infinity) } }
        if let wrong {
            throw .emissions(
                expected: "finite numbers", found: "\(values[wrong]) at frame \(wrong / count), token \(wrong % count)")
        }
    }
}
