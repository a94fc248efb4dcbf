public import CTC

extension Transcriber {
    /// How a sound becomes text.
    public struct Options: Sendable {
        /// How letters are read from the network's output.
        public var decoding: Decoding = .greedy
        /// How much of the sound the network hears at a time.
        public var chunking: Chunking = .automatic
        /// What is skipped because nobody speaks; `nil` skips nothing. What is between two skipped stretches is
        /// transcribed as if it were a sound by itself.
        public var voiceActivity: VoiceActivity?

        /// Greedy, in chunks where the sound is long, nothing skipped.
        public init(
            decoding: Decoding = .greedy, chunking: Chunking = .automatic, voiceActivity: VoiceActivity? = nil
        ) {
            self.decoding = decoding
            self.chunking = chunking
            self.voiceActivity = voiceActivity
        }
    }

    /// How letters are read from the network's output.
    public enum Decoding: Sendable {
        /// The best letter of each frame: fast, and what the reference does without a language model.
        case greedy
        /// The best of many spellings.
        case beam(BeamSearch)
    }

    /// The numbers of a prefix beam search; what each means is said at CTC's `BeamSearchDecoder`.
    public struct BeamSearch: Sendable {
        /// Spellings that are kept at a time, 1 to 10000.
        public var width: Int = 100
        /// What words follow each other; `nil` where the network alone decides.
        public var languageModel: NGramModel?
        /// The weight of the language model's logarithm of a probability.
        public var languageModelWeight: Double = 0.5
        /// What is added for each word, so that the language model does not prefer few words.
        public var wordBonus: Double = 1.5
        /// Words that are expected, such as names.
        public var hotwords: [String] = []
        /// What is added for a hot word.
        public var hotwordWeight: Double = 10

        /// A search without a language model.
        public init() {}
    }

    /// How much of a sound the network hears at a time.
    ///
    /// What a network needs grows with what it hears at a time, so that a long sound is cut into chunks. Each chunk
    /// begins and ends with a stride that is heard and not transcribed, because a network is less sure of letters where
    /// it does not hear what is around them. Letters are read from the joined frames, as if they came from one
    /// pass: nothing is dropped or doubled where chunks meet. A folder that asks for normalised sound has each chunk
    /// normalised by its own mean and variance; both are what the pipeline of transformers does.
    public enum Chunking: Sendable, Equatable {
        /// Chunks of 30 s with a stride of 5 s on either side, where a sound is longer than 30 s: the memory and the
        /// length of sentences that the published models were trained for, and the reference's share of a stride.
        case automatic
        /// The whole sound, or what is between two skipped stretches, in one pass; an error where it is longer than
        /// ``Transcriber/longestPass``.
        case whole
        /// Chunks and strides in seconds, rounded to whole frames. A sound no longer than a chunk is one pass.
        case chunks(seconds: Double, left: Double, right: Double)

        /// Seconds that the network hears at most in one pass.
        public var seconds: Double {
            switch self {
            case .automatic: 30
            case .whole: Transcriber.longestPass
            case .chunks(let seconds, _, _): seconds
            }
        }

        /// Chunks with a stride of a sixth on either side, the reference's choice.
        public static func chunks(seconds: Double) -> Chunking {
            .chunks(seconds: seconds, left: seconds / 6, right: seconds / 6)
        }
    }
}
