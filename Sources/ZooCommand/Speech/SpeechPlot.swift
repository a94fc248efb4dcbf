import Audio
import ModelZoo

/// A sound as a picture: its waveform, its log-mel spectrogram, and the words below, each where it was said.
///
/// A sound longer than ``SpeechPlot/longestStrip`` is cut into strips of equal length, one below the other as lines of
/// text are. A word has a bar below the spectrogram from its beginning to its end, the deeper in colour the surer the
/// network is, and its boundaries are drawn through what is above.
struct SpeechPlot {
    /// Seconds of a strip at most.
    static let longestStrip = 12.0
    /// The longest sound that is drawn, in seconds.
    static let longest = 300.0

    private static let margin = (left: 84, right: 24, top: 78, bottom: 18)
    private static let width = 1200
    private static let waveHeight = 110
    private static let gap = 6
    private static let barHeight = 8
    private static let laneHeight = 26
    private static let axisHeight = 46
    private static let stripGap = 18

    private static let paper = Canvas.Colour(252, 252, 250)
    private static let ink = Canvas.Colour(30, 33, 40)
    private static let faint = Canvas.Colour(120, 126, 136)
    private static let line = Canvas.Colour(206, 210, 214)
    private static let wave = Canvas.Colour(96, 130, 182)
    private static let waveCore = Canvas.Colour(38, 70, 128)
    private static let tint = Canvas.Colour(232, 240, 226)
    private static let sure = Canvas.Colour(30, 120, 88)
    private static let unsure = Canvas.Colour(222, 188, 150)

    private let samples: [Float]
    private let rate: Int
    private let words: [TimedSpan]
    private let spectrogram: Spectrogram
    private let title: String
    private let subtitle: String
    private let stripSeconds: Double
    private let stripCount: Int
    private let lanes: [WordLanes]

    /// - Parameters:
    ///   - title: what stands above, such as the file's name.
    ///   - subtitle: what stands below the title.
    /// - Throws: ``Failure`` where the sound is too long to be seen, ``AudioError`` where its rate is too low.
    init(_ clip: AudioClip, words: [TimedSpan], title: String, subtitle: String) throws {
        let seconds = clip.duration
        try Self.check(seconds: seconds)
        (samples, rate, self.words) = (clip.samples, clip.rate, words)
        (self.title, self.subtitle) = (title, subtitle)
        let stripCount = max(1, Int((seconds / Self.longestStrip).rounded(.up)))
        self.stripCount = stripCount
        // A moment of sound still has an axis.
        let stripSeconds = max(0.1, seconds / Double(stripCount))
        self.stripSeconds = stripSeconds
        spectrogram = try Spectrogram(clip, framesEvery: stripSeconds / Double(Self.width))
        lanes = (0..<stripCount).map { strip in
            let begin = Double(strip) * stripSeconds
            return WordLanes(words, in: begin..<begin + stripSeconds, width: Self.width)
        }
    }

    /// Refuses what is too long to be seen.
    static func check(seconds: Double) throws(Failure) {
        guard seconds > longest else { return }
        throw Failure(
            "\(Format.duration(seconds: seconds)) of sound are too much for a picture, which shows "
                + "\(Format.duration(seconds: longest)) at most; leave --plot out, or give a part of it", .badData)
    }

    /// The picture.
    func draw() -> Canvas {
        let lanes = max(1, self.lanes.map(\.count).max() ?? 1)
        let height =
            Self.waveHeight + Self.gap + Spectrogram.height + Self.gap + Self.barHeight + lanes * Self.laneHeight
            + Self.axisHeight
        var canvas = Canvas(
            width: Self.margin.left + Self.width + Self.margin.right,
            height: Self.margin.top + stripCount * height + (stripCount - 1) * Self.stripGap + Self.margin.bottom,
            paper: Self.paper)
        canvas.write(fitting(title, dot: 3), x: Self.margin.left, y: 16, dot: 3, Self.ink)
        canvas.write(fitting(subtitle, dot: 2), x: Self.margin.left, y: 50, dot: 2, Self.faint)
        for strip in 0..<stripCount {
            draw(strip, at: Self.margin.top + strip * (height + Self.stripGap), height, on: &canvas)
        }
        return canvas
    }

    /// A text as far as there is room.
    private func fitting(_ text: String, dot: Int) -> String {
        truncated(text, to: Self.width / (ContactSheetFont.advance * dot), ellipsis: "..")
    }

    private func draw(_ strip: Int, at top: Int, _ height: Int, on canvas: inout Canvas) {
        let begin = Double(strip) * stripSeconds
        let columns = Self.margin.left..<Self.margin.left + Self.width
        let wave = top..<top + Self.waveHeight
        let mel = wave.upperBound + Self.gap..<wave.upperBound + Self.gap + Spectrogram.height
        let bars = mel.upperBound + Self.gap..<mel.upperBound + Self.gap + Self.barHeight
        let axis = top + height - Self.axisHeight

        canvas.fill(x: columns, y: wave, .init(255, 255, 255))
        for word in lanes[strip].words where word.number % 2 == 0 {
            canvas.fill(x: shifted(word.columns), y: wave, Self.tint)
        }
        drawWave(from: begin, rows: wave, on: &canvas)
        spectrogram.draw(from: begin, seconds: stripSeconds, x: columns, y: mel, on: &canvas)
        for word in lanes[strip].words {
            let span = shifted(word.columns)
            for edge in [span.lowerBound, span.upperBound - 1] {
                canvas.fill(x: edge..<edge + 1, y: wave, Self.sure, opacity: 0.45)
                canvas.fill(x: edge..<edge + 1, y: mel, .init(255, 255, 255), opacity: 0.5)
            }
            let colour = Self.unsure.mixed(Self.sure, Double(word.score))
            canvas.fill(x: span, y: bars, colour)
            guard let label = word.label else { continue }
            let labelTop = bars.upperBound + 5 + label.lane * Self.laneHeight
            let middle = (span.lowerBound + span.upperBound) / 2
            if label.lane > 0 { canvas.fill(x: middle..<middle + 1, y: bars.upperBound..<labelTop - 2, Self.line) }
            canvas.write(
                label.text, x: Self.margin.left + label.columns.lowerBound, y: labelTop, dot: WordLanes.dot, Self.ink)
        }
        spectrogram.drawAxis(right: columns.lowerBound - 8, y: mel, ink: Self.faint, on: &canvas)
        drawAxis(from: begin, columns: columns, top: axis, isLast: strip == stripCount - 1, on: &canvas)
        for rows in [wave, mel] { frame(columns, rows, on: &canvas) }
    }

    private func shifted(_ columns: Range<Int>) -> Range<Int> {
        columns.lowerBound + Self.margin.left..<columns.upperBound + Self.margin.left
    }

    private func frame(_ columns: Range<Int>, _ rows: Range<Int>, on canvas: inout Canvas) {
        for row in [rows.lowerBound - 1, rows.upperBound] {
            canvas.fill(x: columns.lowerBound - 1..<columns.upperBound + 1, y: row..<row + 1, Self.line)
        }
        for column in [columns.lowerBound - 1, columns.upperBound] {
            canvas.fill(x: column..<column + 1, y: rows, Self.line)
        }
    }

    /// From the lowest to the highest sample of each column, and the root of the mean square about the middle.
    private func drawWave(from begin: Double, rows: Range<Int>, on canvas: inout Canvas) {
        let middle = (rows.lowerBound + rows.upperBound) / 2
        canvas.fill(x: Self.margin.left..<Self.margin.left + Self.width, y: middle..<middle + 1, Self.line)
        // Soft sounds fill the height, too.
        let peak = samples.reduce(Float(0)) { max($0, abs($1)) }
        guard peak > 0 else { return }
        let scale = Double(rows.count / 2 - 3) / Double(peak)
        for column in 0..<Self.width {
            let range = sampleRange(begin, column)
            guard !range.isEmpty else { continue }
            let part = samples[range]
            let (low, high) = part.reduce((Float.infinity, -Float.infinity)) { (min($0.0, $1), max($0.1, $1)) }
            let square = part.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(part.count)
            let x = Self.margin.left + column
            let (top, bottom) = (middle - Int(Double(high) * scale), middle - Int(Double(low) * scale) + 1)
            canvas.fill(x: x..<x + 1, y: min(top, middle)..<max(bottom, middle + 1), Self.wave)
            let core = Int(square.squareRoot() * scale)
            if core > 0 { canvas.fill(x: x..<x + 1, y: middle - core..<middle + core + 1, Self.waveCore) }
        }
    }

    private func sampleRange(_ begin: Double, _ column: Int) -> Range<Int> {
        func place(_ column: Int) -> Int {
            let seconds = begin + Double(column) / Double(Self.width) * stripSeconds
            return min(samples.count, Int(seconds * Double(rate)))
        }
        return place(column)..<place(column + 1)
    }

    /// Ticks and what they stand for.
    private func drawAxis(
        from begin: Double, columns: Range<Int>, top: Int, isLast: Bool, on canvas: inout Canvas
    ) {
        canvas.fill(x: columns, y: top..<top + 1, Self.faint)
        let ticks = AxisTicks(begin..<begin + stripSeconds, most: 12)
        for tick in ticks.values {
            let x = columns.lowerBound + Int((tick - begin) / stripSeconds * Double(Self.width))
            canvas.fill(x: x..<x + 1, y: top..<top + 6, Self.faint)
            let text = "\(Format.decimal(tick, ticks.digits)) s"
            canvas.write(text, x: x - Canvas.width(of: text, dot: 2) / 2, y: top + 10, dot: 2, Self.faint)
        }
    }
}
