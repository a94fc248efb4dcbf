import Glibc

/// Tells speech from silence in a sound that comes in blocks, by the rule of ``VoiceActivity``.
///
/// What it says does not depend on how the sound is cut into blocks. It needs to hear 2 s beyond a moment, and
/// ``VoiceActivity/minimumSilence`` beyond speech, before it says what the moment is; it keeps levels, no samples, and
/// those of the last 20 s.
public struct VoiceActivityDetector: Sendable {
    /// A run of samples, counted from the beginning of the sound.
    public struct Stretch: Sendable, Equatable {
        /// The samples.
        public var samples: Range<Int>
        /// Whether somebody may be speaking.
        public var isSpeech: Bool
    }

    private let rule: VoiceActivity
    private let frameLength: Int
    private let speechFrames: Int
    private let silenceFrames: Int
    private let paddingFrames: Int

    /// Samples of the frame that is not full yet.
    private var partial: [Float] = []
    private var samples = 0
    /// Mean squares of the latest frames and means over five of them; the first is that of frame `firstLevel`.
    private var energies: [Double] = []
    private var smoothed: [Double] = []
    private var firstLevel = 0
    private var highest = -Double.infinity

    /// Frames judged loud or not, up to here.
    private var judged = 0
    /// Loud frames in a row that end at `judged`.
    private var loud = 0
    /// Where the latest speech ends; `nil` before any.
    private var speechEnd: Int?
    /// Frames that have been given out, up to here.
    private var given = 0

    /// - Parameters:
    ///   - rule: its numbers, which have to be in their ranges.
    ///   - rate: samples a second, at least 1000.
    /// - Throws: ``AudioEncoderError/input(expected:found:)``.
    public init(_ rule: VoiceActivity = VoiceActivity(), rate: Int) throws(AudioEncoderError) {
        try rule.check()
        guard (1000...1_000_000).contains(rate) else {
            throw .input(expected: "a sampling rate from 1000 to 1000000", found: "\(rate)")
        }
        self.rule = rule
        frameLength = Int((Double(rate) * VoiceActivity.frame).rounded())
        func frames(_ seconds: Double) -> Int { Int((seconds / VoiceActivity.frame).rounded()) }
        speechFrames = max(frames(rule.minimumSpeech), 1)
        silenceFrames = max(frames(rule.minimumSilence), 1)
        paddingFrames = frames(rule.padding)
    }

    /// Hears the next samples.
    ///
    /// - Parameter block: finite samples, of any number.
    /// - Returns: what is known now and was not before: stretches that follow each other without a gap.
    public mutating func append(_ block: [Float]) -> [Stretch] {
        var stretches: [Stretch] = []
        var start = 0
        while start < block.count {
            let end = min(start + frameLength - partial.count, block.count)
            partial += block[start..<end]
            samples += end - start
            start = end
            guard partial.count == frameLength else { break }
            addFrame()
            judge(upTo: energies.count + firstLevel - VoiceActivity.framesAfter, into: &stretches)
        }
        return stretches
    }

    /// Ends the sound.
    ///
    /// - Returns: the stretches up to the end.
    public mutating func finish() -> [Stretch] {
        if !partial.isEmpty { addFrame() }
        var stretches: [Stretch] = []
        let frames = energies.count + firstLevel
        judge(upTo: frames, into: &stretches)
        // The end: silence up to it is skipped where it is as long as any other that is.
        let end = speechEnd ?? 0
        if frames - end >= silenceFrames || speechEnd == nil {
            let silence = speechEnd == nil ? 0 : min(end + paddingFrames, frames)
            give(upTo: silence, isSpeech: true, into: &stretches)
            give(upTo: frames, isSpeech: false, into: &stretches)
        } else {
            give(upTo: frames, isSpeech: true, into: &stretches)
        }
        return stretches
    }

    /// Takes the level of a frame that is full, or the last.
    private mutating func addFrame() {
        var sum = 0.0
        for sample in partial { sum += Double(sample) }
        let mean = sum / Double(partial.count)
        var squares = 0.0
        for sample in partial {
            let difference = Double(sample) - mean
            squares += difference * difference
        }
        energies.append(squares / Double(partial.count))
        partial.removeAll(keepingCapacity: true)
        // The mean that ends here; the first frames have no five before them and no mean of their own.
        let recent = energies.suffix(VoiceActivity.smoothed)
        let mean5 = recent.reduce(0, +) / Double(recent.count)
        let isWhole = recent.count == VoiceActivity.smoothed
        smoothed.append(isWhole ? Self.decibels(mean5) : .infinity)
        if isWhole { highest = max(highest, Self.decibels(mean5)) }
    }

    private static func decibels(_ energy: Double) -> Double { 10 * log10(max(energy, 1e-12)) }

    /// Judges frames before `end`, as far as their levels are there.
    private mutating func judge(upTo end: Int, into stretches: inout [Stretch]) {
        while judged < end {
            if isLoud(judged) { loud += 1 } else { loud = 0 }
            judged += 1
            if loud >= speechFrames {
                let start = judged - loud
                // Everything since the last speech, unless that is long enough to be skipped.
                let gap = start - (speechEnd ?? 0)
                if loud == speechFrames, gap >= silenceFrames {
                    give(upTo: start - paddingFrames, isSpeech: false, into: &stretches)
                }
                speechEnd = judged
                give(upTo: judged, isSpeech: true, into: &stretches)
            } else {
                giveSilence(into: &stretches)
            }
            forget()
        }
    }

    /// Gives out what is certain while nobody speaks.
    private mutating func giveSilence(into stretches: inout [Stretch]) {
        // The loud frames at the end may become speech, and what is next to them belongs to it.
        let quietEnd = judged - loud
        if let speechEnd { give(upTo: min(speechEnd + paddingFrames, quietEnd), isSpeech: true, into: &stretches) }
        guard quietEnd - (speechEnd ?? 0) >= silenceFrames else { return }
        give(upTo: quietEnd - paddingFrames, isSpeech: false, into: &stretches)
    }

    private mutating func give(upTo frame: Int, isSpeech: Bool, into stretches: inout [Stretch]) {
        guard frame > given else { return }
        let range = given * frameLength..<min(frame * frameLength, samples)
        given = frame
        if let last = stretches.last, last.isSpeech == isSpeech {
            stretches[stretches.count - 1].samples = last.samples.lowerBound..<range.upperBound
        } else {
            stretches.append(Stretch(samples: range, isSpeech: isSpeech))
        }
    }

    private func isLoud(_ frame: Int) -> Bool {
        let level = Self.decibels(energies[frame - firstLevel])
        guard level >= rule.quietest else { return false }
        // A mean belongs to the frame that it ends at.
        let first = max(frame - VoiceActivity.framesBefore - firstLevel, 0)
        let last = min(frame + VoiceActivity.framesAfter - firstLevel, smoothed.count - 1)
        var floor = Double.infinity
        for index in first...last { floor = min(floor, smoothed[index]) }
        floor = max(floor, VoiceActivity.lowestFloor)
        return highest - floor < VoiceActivity.range || level >= floor + rule.margin
    }

    /// Drops levels that no frame's noise floor needs any more, many at a time.
    private mutating func forget() {
        let unused = judged - VoiceActivity.framesBefore - firstLevel
        guard unused >= 256 else { return }
        energies.removeFirst(unused)
        smoothed.removeFirst(unused)
        firstLevel += unused
    }
}
