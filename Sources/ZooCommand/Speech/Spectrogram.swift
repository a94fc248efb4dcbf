import Audio
import Glibc

/// The log-mel spectrogram of a sound as a part of a picture.
struct Spectrogram {
    /// Rows of pixels.
    static let height = 176
    private static let bands = 88
    private static let rowsABand = height / bands
    /// The powers of ten below the loudest that are told apart: 70 dB.
    private static let range: Float = 7

    /// From silence to the loudest.
    private static let colours: [Canvas.Colour] = [
        .init(12, 14, 38), .init(28, 36, 92), .init(32, 80, 128), .init(36, 128, 130), .init(94, 174, 104),
        .init(190, 206, 92), .init(252, 236, 150),
    ]

    private let frames: LogMelSpectrogram.Frames
    private let rate: Int
    private let hop: Int
    private let loudest: Float

    /// - Parameter seconds: what one frame shows.
    /// - Throws: ``AudioError``.
    init(_ clip: AudioClip, framesEvery seconds: Double) throws(AudioError) {
        rate = clip.rate
        hop = max(1, Int(seconds * Double(rate)))
        frames = try LogMelSpectrogram(rate: rate, bands: Self.bands, hop: hop)(clip.samples)
        loudest = frames.values.max() ?? 0
    }

    /// Draws a stretch of the sound.
    func draw(from begin: Double, seconds: Double, x columns: Range<Int>, y rows: Range<Int>, on canvas: inout Canvas) {
        canvas.fill(x: columns, y: rows, Self.colours[0])
        for column in columns {
            let time = begin + (Double(column - columns.lowerBound) + 0.5) / Double(columns.count) * seconds
            let frame = Int((time * Double(rate) / Double(hop)).rounded())
            guard frame >= 0, frame < frames.count else { continue }
            for band in 0..<Self.bands {
                let level = (frames.values[frame * Self.bands + band] - loudest) / Self.range + 1
                let bottom = rows.upperBound - band * Self.rowsABand
                canvas.fill(x: column..<column + 1, y: bottom - Self.rowsABand..<bottom, Self.colour(Double(level)))
            }
        }
    }

    /// Writes pitches beside it.
    func drawAxis(right: Int, y rows: Range<Int>, ink: Canvas.Colour, on canvas: inout Canvas) {
        for hertz in [500, 1000, 2000, 4000, 8000] where hertz <= rate / 2 {
            let row = rows.upperBound - Int(Self.mel(Double(hertz)) / Self.mel(Double(rate / 2)) * Double(rows.count))
            let text = hertz < 1000 ? "\(hertz) Hz" : "\(hertz / 1000) kHz"
            canvas.fill(x: right + 3..<right + 7, y: row..<row + 1, ink)
            let top = min(max(rows.lowerBound, row - 6), rows.upperBound - 14)
            canvas.write(text, x: right - Canvas.width(of: text, dot: 2), y: top, dot: 2, ink)
        }
    }

    /// HTK's scale, as that of the bands.
    private static func mel(_ hertz: Double) -> Double { 2595 * log10(1 + hertz / 700) }

    /// The colour of a level, 0 for silence to 1.
    private static func colour(_ level: Double) -> Canvas.Colour {
        let place = min(1, max(0, level)) * Double(colours.count - 1)
        let index = min(Int(place), colours.count - 2)
        return colours[index].mixed(colours[index + 1], place - Double(index))
    }
}
