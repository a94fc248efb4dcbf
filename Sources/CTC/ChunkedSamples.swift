/// Samples that come in blocks of any size, cut into the chunks of a ``StrideRule``.
///
/// What it gives is what ``StrideRule/chunks(samples:)`` says of the whole, whatever the blocks. It keeps one chunk and
/// what came beyond it, so that its memory does not grow with the audio.
///
/// ```swift
/// var chunks = ChunkedSamples(rule)
/// while let block = microphone.read() {
///     chunks.append(block)
///     while let (chunk, samples) = chunks.next() { transcribe(samples, chunk) }
/// }
/// chunks.finish()
/// while let (chunk, samples) = chunks.next() { transcribe(samples, chunk) }
/// ```
public struct ChunkedSamples: Sendable {
    /// The rule.
    public let rule: StrideRule
    /// The samples not given yet are those from `head` on; the first of them has the number `start`.
    private var buffer: [Float] = []
    private var head = 0
    private var start = 0
    private var isFinished = false
    private var isDone = false

    /// No samples yet.
    public init(_ rule: StrideRule) { self.rule = rule }

    /// The number of samples that came.
    public var count: Int { start + buffer.count - head }

    /// Takes more samples; after ``finish()`` none may come.
    public mutating func append(_ samples: some Collection<Float>) {
        precondition(!isFinished, "samples after the end")
        buffer.append(contentsOf: samples)
    }

    /// Says that no more samples will come.
    public mutating func finish() { isFinished = true }

    /// The next chunk, `nil` where more samples are needed or all were given.
    ///
    /// A chunk is given as soon as the sample after it is there: only then is it known not to be the last.
    public mutating func next() -> (chunk: StrideRule.Chunk, samples: [Float])? {
        guard !isDone else { return nil }
        let waiting = buffer.count - head
        if waiting > rule.chunk {
            let samples = Array(buffer[head..<head + rule.chunk])
            let chunk = rule.piece(start: start, count: rule.chunk, isLast: false)
            start += rule.step
            head += rule.step
            // Moved down only when at least as much was given, so that a sample moves once on average.
            if head * 2 > buffer.count {
                buffer.removeFirst(head)
                head = 0
            }
            return (chunk, samples)
        }
        guard isFinished else { return nil }
        isDone = true
        let samples = Array(buffer[head...])
        let chunk = rule.piece(start: start, count: waiting, isLast: true)
        start += waiting
        buffer = []
        head = 0
        return waiting > 0 ? (chunk, samples) : nil
    }
}
