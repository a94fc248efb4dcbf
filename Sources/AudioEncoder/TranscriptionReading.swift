import Audio

/// A reader and the stream that listens to it.
struct TranscriptionReading {
    /// What became final, and whether the end was reached.
    struct News: Sendable {
        var piece: TranscriptionPiece
        var isAtEnd: Bool
    }

    private let reader: AudioReader
    private var stream: TranscriptionStream
    private var processed = 0.0

    /// - Parameter reader: at the stream's rate.
    init(_ reader: AudioReader, _ stream: TranscriptionStream) {
        self.reader = reader
        self.stream = stream
    }

    /// Goes on until a chunk is done, or to the end.
    mutating func next() throws(AudioEncoderError) -> News {
        while true {
            let block = try reader.block()
            if block.isEmpty { return News(piece: try stream.finish(), isAtEnd: true) }
            let piece = try stream.append(block)
            // Blocks are much smaller than chunks: most of them only fill one.
            if !piece.isEmpty || piece.processed > processed {
                processed = piece.processed
                return News(piece: piece, isAtEnd: false)
            }
        }
    }
}

extension AudioReader {
    /// The samples of the next quarter of a second, none at the end: what is live does not wait for long.
    func block() throws(AudioEncoderError) -> [Float] {
        do { return try read(max(rate / 4, 1)) } catch { throw .audio(error) }
    }
}
