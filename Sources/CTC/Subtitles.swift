/// Timed words as subtitles: lines of a length that fits, cues that last no longer than can be read, one after another.
public struct Subtitles: Sendable {
    /// A word and when it is spoken, in seconds.
    public struct Word: Sendable, Equatable {
        /// The word.
        public var text: String
        /// When it starts.
        public var start: Double
        /// When it ends.
        public var end: Double

        /// A word and when it is spoken, in seconds.
        public init(text: String, start: Double, end: Double) {
            self.text = text
            self.start = start
            self.end = end
        }
    }

    /// What is shown at once.
    public struct Cue: Sendable, Equatable {
        /// The lines.
        public var lines: [String]
        /// When it appears, in milliseconds.
        public var start: Int
        /// When it goes, in milliseconds; after `start`.
        public var end: Int
    }

    /// How words are put together.
    public struct Layout: Sendable, Equatable {
        /// The most characters of a line; a longer word has a line of its own.
        public var lineLength = 42
        /// The most lines of a cue.
        public var lineCount = 2
        /// The longest a cue is shown, in seconds; a longer word is shown for so long.
        public var longest = 7.0
        /// A pause of so many seconds ends a cue.
        public var pause = 2.0

        /// 42 characters, 2 lines, 7 seconds: the usual of subtitles.
        public init() {}
    }

    /// The rules.
    public let layout: Layout
    /// The words of the cue that is not full yet, their lines, and the end of the cue before.
    private var open: [Word] = []
    private var lines: [String] = []
    private var lastEnd = 0

    /// No words yet.
    ///
    /// - Throws: ``CTCError/option(name:expected:found:)`` where a number of the layout is out of range.
    public init(_ layout: Layout = Layout()) throws(CTCError) {
        guard (1...1000).contains(layout.lineLength) else {
            throw .option(name: "line length", expected: "1...1000 characters", found: "\(layout.lineLength)")
        }
        guard (1...100).contains(layout.lineCount) else {
            throw .option(name: "lines", expected: "1...100", found: "\(layout.lineCount)")
        }
        guard layout.longest >= 0.1, layout.longest <= 3600 else {
            throw .option(name: "duration", expected: "0.1...3600 seconds", found: "\(layout.longest)")
        }
        guard layout.pause >= 0, layout.pause <= 3600 else {
            throw .option(name: "pause", expected: "0...3600 seconds", found: "\(layout.pause)")
        }
        self.layout = layout
    }

    /// The cues of all words.
    ///
    /// - Throws: ``CTCError/option(name:expected:found:)`` as ``init(_:)`` does.
    public static func cues(_ words: [Word], layout: Layout = Layout()) throws(CTCError) -> [Cue] {
        var subtitles = try Subtitles(layout)
        return words.flatMap { subtitles.add($0) } + subtitles.finish()
    }

    /// Takes the next word. Words without text are left out; times are taken to be at least those of the word before.
    ///
    /// - Returns: the cue that is full, if one is.
    public mutating func add(_ word: Word) -> [Cue] {
        let text = word.text.withoutControls.wordsLikePython.joined(separator: " ")
        guard !text.isEmpty else { return [] }
        let earliest = open.last?.end ?? Double(lastEnd) / 1000
        var word = Word(text: text, start: word.start, end: word.end)
        word.start = Self.clean(word.start, atLeast: open.last?.start ?? earliest)
        word.end = Self.clean(word.end, atLeast: word.start)
        var cues: [Cue] = []
        if let first = open.first, let last = open.last {
            let fits = lines(with: text).count <= layout.lineCount
            if !fits || word.end - first.start > layout.longest || word.start - last.end >= layout.pause {
                cues = finish()
            }
        }
        lines = lines(with: text)
        open.append(word)
        return cues
    }

    /// Ends the cue that is not full.
    ///
    /// - Returns: the cue, if there is one.
    public mutating func finish() -> [Cue] {
        guard let first = open.first, let last = open.last else { return [] }
        let start = max(lastEnd, Self.milliseconds(first.start))
        let longest = Self.milliseconds(layout.longest)
        let end = max(start + 1, min(Self.milliseconds(last.end), start + longest))
        let cue = Cue(lines: lines, start: start, end: end)
        lastEnd = end
        open = []
        lines = []
        return [cue]
    }

    /// The lines with one more word.
    private func lines(with word: String) -> [String] {
        guard let last = lines.last, last.count + 1 + word.count <= layout.lineLength else { return lines + [word] }
        return lines.dropLast() + [last + " " + word]
    }

    /// The nearest millisecond.
    static func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1000).rounded()) }

    /// A time that can be written: up to a thousand hours, not before another one.
    private static func clean(_ seconds: Double, atLeast least: Double) -> Double {
        max(least, seconds.isFinite ? min(max(0, seconds), 3_600_000) : 0)
    }
}

extension String {
    /// With spaces in place of what would end a line or is not for printing.
    fileprivate var withoutControls: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: " "
                    default: scalar
                    }
                }))
    }
}
