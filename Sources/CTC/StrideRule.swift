/// Long audio in overlapping chunks, and which frames of each chunk count: the rule of the automatic speech recognition
/// pipeline of transformers (`chunk_length_s`, `stride_length_s`).
///
/// A chunk overlaps its neighbours by `left` and `right` samples; the network sees them, and the frames they give are
/// dropped, but for the first chunk's left side and the last one's right side. Lengths are rounded to whole frames, so
/// that the frames kept from one chunk end where the next one's begin.
public struct StrideRule: Sendable, Equatable {
    /// The samples of a chunk.
    public let chunk: Int
    /// The samples that a chunk shares with the one before it, and whose frames it drops.
    public let left: Int
    /// The samples that a chunk shares with the one after it, and whose frames it drops.
    public let right: Int
    /// Samples a frame, `inputs_to_logits_ratio`.
    public let ratio: Int

    /// The longest chunk, in samples: over an hour at 16 kHz.
    public static let chunkLimit = 1 << 26

    /// A rule in seconds.
    ///
    /// - Parameters:
    ///   - chunkSeconds: the length of a chunk.
    ///   - strideSeconds: the overlap on either side; a sixth of the chunk unless said otherwise.
    ///   - rate: samples a second.
    ///   - ratio: samples a frame.
    /// - Throws: ``CTCError/option(name:expected:found:)`` where a number is out of range, or the overlaps leave no
    ///   frame of a chunk.
    public init(chunkSeconds: Double, strideSeconds: Double? = nil, rate: Int, ratio: Int) throws(CTCError) {
        let stride = strideSeconds ?? chunkSeconds / 6
        try self.init(chunkSeconds: chunkSeconds, leftSeconds: stride, rightSeconds: stride, rate: rate, ratio: ratio)
    }

    /// A rule in seconds with an overlap of its own on either side, see
    /// ``init(chunkSeconds:strideSeconds:rate:ratio:)``.
    public init(chunkSeconds: Double, leftSeconds: Double, rightSeconds: Double, rate: Int, ratio: Int)
        throws(CTCError)
    {
        guard rate >= 1, rate <= 1 << 24 else {
            throw .option(name: "rate", expected: "1...\(1 << 24) samples a second", found: "\(rate)")
        }
        guard ratio >= 1, ratio <= 1 << 20 else {
            throw .option(name: "ratio", expected: "1...\(1 << 20) samples a frame", found: "\(ratio)")
        }
        func samples(_ name: String, _ seconds: Double) throws(CTCError) -> Int {
            let longest = Double(Self.chunkLimit) / Double(rate)
            guard seconds >= 0, seconds <= longest else {
                throw .option(name: name, expected: "0...\(longest) seconds", found: "\(seconds)")
            }
            // Python's round(): halves go to the even neighbour.
            return Int((seconds * Double(rate) / Double(ratio)).rounded(.toNearestOrEven)) * ratio
        }
        chunk = try samples("chunk", chunkSeconds)
        left = try samples("stride", leftSeconds)
        right = try samples("stride", rightSeconds)
        self.ratio = ratio
        guard chunk - left - right >= ratio else {
            throw .option(
                name: "stride", expected: "overlaps that leave at least one frame of a chunk of \(chunk) samples",
                found: "\(left) + \(right) samples")
        }
    }

    /// The samples from one chunk's start to the next one's.
    public var step: Int { chunk - left - right }

    /// A chunk of the audio.
    public struct Chunk: Sendable, Equatable {
        /// The first sample.
        public var start: Int
        /// The number of samples; less than the rule's chunk only for the last.
        public var count: Int
        /// The samples at the start whose frames are dropped; 0 for the first chunk.
        public var left: Int
        /// The samples at the end whose frames are dropped; 0 for the last chunk.
        public var right: Int
        /// Whether nothing follows.
        public var isLast: Bool
    }

    /// The chunks of so many samples; none where there is no sample.
    public func chunks(samples: Int) -> [Chunk] {
        var chunks: [Chunk] = []
        var start = 0
        while start < samples {
            let isLast = samples - start <= chunk
            chunks.append(piece(start: start, count: min(chunk, samples - start), isLast: isLast))
            if isLast { break }
            start += step
        }
        return chunks
    }

    /// The frames of a chunk that count, of the `frames` that the network gave for it.
    ///
    /// The network's last frame may be missing where its receptive field is wider than a frame.
    public func keptFrames(of chunk: Chunk, frames: Int) -> Range<Int> {
        // As the pipeline scales: through doubles, halves to the even neighbour.
        let total = (Double(chunk.count) * (1 / Double(ratio))).rounded(.toNearestOrEven)
        func scaled(_ samples: Int) -> Int {
            chunk.count == 0
                ? 0 : Int((Double(samples) / Double(chunk.count) * total).rounded(.toNearestOrEven))
        }
        let end = max(0, min(frames, Int(total) - scaled(chunk.right)))
        return min(scaled(chunk.left), end)..<end
    }

    /// The place of a chunk's first frame among the frames of the whole audio.
    public func firstFrame(of chunk: Chunk) -> Int { chunk.start / ratio }

    func piece(start: Int, count: Int, isLast: Bool) -> Chunk {
        Chunk(start: start, count: count, left: start == 0 ? 0 : left, right: isLast ? 0 : right, isLast: isLast)
    }
}
