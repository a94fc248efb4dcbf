/// Frames in order, from a file or as they arrive.
protocol FrameSource: AnyObject {
    /// What messages call it.
    var name: String { get }
    var rate: Int { get }
    var channels: Int { get }
    /// Frames in all, as the header says; `nil` where it does not.
    var frames: Int? { get }

    /// Decodes at least one frame and at most `count`; none only at the end.
    ///
    /// - Parameter interleaved: room for `count` frames.
    func read(_ count: Int, into interleaved: UnsafeMutablePointer<Float>) throws(AudioError) -> Int
}

/// Uncompressed frames of a byte stream.
final class PCMSource: FrameSource {
    private let stream: any ByteStream
    private let layout: PCMLayout
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes of a frame that has not fully arrived, at the buffer's start.
    private var carried = 0
    /// Promised bytes that are still to come.
    private var left: Int
    private var done = 0

    let frames: Int?

    /// - Throws: ``AudioError/truncated(file:type:promised:found:unit:)`` where a file is shorter than promised.
    init(_ stream: any ByteStream, _ layout: PCMLayout) throws(AudioError) {
        let frameBytes = layout.format.frameBytes
        if let promised = layout.byteCount, let found = stream.remaining, promised > found {
            throw .truncated(
                file: stream.name, type: layout.type, promised: promised, found: found, unit: "bytes of sound")
        }
        self.stream = stream
        self.layout = layout
        left = layout.byteCount ?? Int.max
        frames = (layout.byteCount ?? stream.remaining).map { $0 / frameBytes }
        buffer = .allocate(byteCount: AudioReader.blockFrames * frameBytes, alignment: 16)
    }

    deinit { buffer.deallocate() }

    var name: String { stream.name }
    var rate: Int { layout.format.rate }
    var channels: Int { layout.format.channels }

    func read(_ count: Int, into interleaved: UnsafeMutablePointer<Float>) throws(AudioError) -> Int {
        let frameBytes = layout.format.frameBytes
        let capacity = min(count * frameBytes, buffer.count)
        while left > 0 {
            let end = min(capacity, left < Int.max - carried ? carried + left : Int.max)
            let got = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[carried..<end]))
            if got == 0 {
                guard layout.byteCount == nil else {
                    throw .truncated(
                        file: name, type: layout.type, promised: done + carried + left, found: done + carried,
                        unit: "bytes of sound")
                }
                // The part of a frame that may be left over is no sound.
                left = 0
                return 0
            }
            if layout.byteCount != nil { left -= got }
            let available = carried + got
            let whole = available / frameBytes
            carried = available % frameBytes
            guard whole > 0, let base = buffer.baseAddress else { continue }
            layout.format.encoding.decode(whole * channels, from: base, to: interleaved)
            if carried > 0 { base.copyMemory(from: base + whole * frameBytes, byteCount: carried) }
            done += whole * frameBytes
            return whole
        }
        return 0
    }
}
