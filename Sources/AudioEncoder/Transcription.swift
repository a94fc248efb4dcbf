/// A word or a character and when it was said.
public struct TimedSpan: Sendable, Equatable {
    /// The word or character, as the checkpoint's vocabulary spells it.
    public var text: String
    /// Where it begins, in seconds from the beginning of the sound.
    public var start: Double
    /// Where it ends, in seconds; where the network's last frame of it ends.
    public var end: Double
    /// How sure the network is, 0 to 1.
    public var score: Float

    /// A span of `start` to `end` seconds.
    public init(text: String, start: Double, end: Double, score: Float) {
        self.text = text
        self.start = start
        self.end = end
        self.score = score
    }
}

/// A stretch of a sound that was not listened to.
public struct SkippedStretch: Sendable, Equatable {
    /// Where it begins, in seconds.
    public var start: Double
    /// Where it ends, in seconds.
    public var end: Double

    /// A stretch of `start` to `end` seconds.
    public init(start: Double, end: Double) {
        self.start = start
        self.end = end
    }
}

/// What was said in a sound.
public struct Transcription: Sendable, Equatable {
    /// The text: empty where nothing was said.
    public var text: String
    /// Its words, in order.
    public var words: [TimedSpan]
    /// Its characters, those between words included, in order.
    public var characters: [TimedSpan]
    /// What voice activity skipped, in order.
    public var skipped: [SkippedStretch]
    /// Seconds of sound, what was skipped included.
    public var duration: Double

    /// A transcription of the given parts.
    public init(
        text: String = "", words: [TimedSpan] = [], characters: [TimedSpan] = [], skipped: [SkippedStretch] = [],
        duration: Double = 0
    ) {
        self.text = text
        self.words = words
        self.characters = characters
        self.skipped = skipped
        self.duration = duration
    }
}

/// What became final in a sound that is still being listened to: no later piece changes or repeats it.
public struct TranscriptionPiece: Sendable, Equatable {
    /// What the text grows by. The texts of all pieces, one behind the other, are the text of the whole.
    public var text: String = ""
    /// Words that became final, in order.
    public var words: [TimedSpan] = []
    /// Characters that became final, in order.
    public var characters: [TimedSpan] = []
    /// What was found to be silence and skipped, in order. Stretches that touch are one.
    public var skipped: [SkippedStretch] = []
    /// Seconds of sound that were dealt with until now.
    public var processed: Double = 0

    /// An empty piece.
    public init() {}

    /// Whether nothing became final.
    public var isEmpty: Bool { text.isEmpty && words.isEmpty && characters.isEmpty && skipped.isEmpty }
}

extension Transcription {
    /// Takes up what became final.
    mutating func add(_ piece: TranscriptionPiece) {
        text += piece.text
        words += piece.words
        characters += piece.characters
        for stretch in piece.skipped {
            if let last = skipped.last, last.end == stretch.start {
                skipped[skipped.count - 1].end = stretch.end
            } else {
                skipped.append(stretch)
            }
        }
        duration = piece.processed
    }
}
