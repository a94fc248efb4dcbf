public import Audio
import CTC
public import Checkpoints
import Synchronization
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. A chunk is done at a time, tasks that share a model take turns, and a cancelled task stops before
/// the next chunk.
extension Transcriber {
    /// Loads a folder as ``init(folder:runtime:weights:language:options:)`` does.
    ///
    /// - Parameters:
    ///   - folder: in the layout of transformers.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - language: the adapter and the vocabulary of a multilingual folder; `nil` takes the folder's own choice.
    ///   - options: how a sound becomes text.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled before loading
    ///   began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), language: String? = nil,
        options: Options = Options()
    ) async throws(AudioEncoderError) -> Transcriber {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(AudioEncoderError) -> Transcriber in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try Transcriber(
                folder: folder, runtime: runtime, weights: weights, language: language, options: options)
        }
    }

    /// Transcribes a file.
    ///
    /// - Parameters:
    ///   - path: of a sound of any kind that `AudioReader` reads.
    ///   - channel: how many channels become one.
    ///   - each: is given what became final after each chunk, and may be given empty pieces.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled.
    public func transcribe(
        path: String, channel: ChannelChoice = .mean, each: (@Sendable (TranscriptionPiece) -> Void)? = nil
    ) async throws(AudioEncoderError) -> Transcription {
        let work = try await turn { () throws(AudioEncoderError) in
            Turns(TranscriptionReading(try Self.open(path, channel, for: encoder), try stream()))
        }
        var result = Transcription()
        var isAtEnd = false
        while !isAtEnd {
            let news = try await turn { () throws(AudioEncoderError) in
                try work.next { (reading) throws(AudioEncoderError) in try reading.next() }
            }
            isAtEnd = news.isAtEnd
            result.add(news.piece)
            each?(news.piece)
        }
        return result
    }

    /// Transcribes samples.
    ///
    /// - Parameters:
    ///   - samples: finite, at the encoder's sampling rate.
    ///   - each: is given what became final after each chunk, and may be given empty pieces.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled.
    public func transcribe(
        samples: [Float], each: (@Sendable (TranscriptionPiece) -> Void)? = nil
    ) async throws(AudioEncoderError) -> Transcription {
        var stream = try stream()
        var result = Transcription()
        for start in Swift.stride(from: 0, through: samples.count, by: rule.chunk) {
            let before = stream
            let part = Array(samples[start..<min(start + rule.chunk, samples.count)])
            let isLast = start + rule.chunk > samples.count
            let (after, pieces) = try await turn { () throws(AudioEncoderError) in
                var stream = before
                var pieces = [try stream.append(part)]
                if isLast { pieces.append(try stream.finish()) }
                return (stream, pieces)
            }
            stream = after
            for piece in pieces {
                result.add(piece)
                each?(piece)
            }
        }
        return result
    }

    /// Finds when each word of a text is said in a file, see ``align(_:text:)``.
    ///
    /// - Parameters:
    ///   - path: of a sound of any kind that `AudioReader` reads.
    ///   - channel: how many channels become one.
    ///   - text: words between white space.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled.
    public func align(
        path: String, channel: ChannelChoice = .mean, text: String
    ) async throws(AudioEncoderError) -> Transcription {
        let work = try await turn { () throws(AudioEncoderError) in
            Turns(try EmissionGathering(self, try Self.open(path, channel, for: encoder)))
        }
        while try await turn({ () throws(AudioEncoderError) in
            try work.next { (gathering) throws(AudioEncoderError) in try gathering.next() }
        }) {}
        return try await turn { () throws(AudioEncoderError) in
            try work.next { (gathering) throws(AudioEncoderError) in try gathering.align(text) }
        }
    }

    /// A piece of work on the runtime's thread, unless the task was cancelled.
    private func turn<R: Sendable>(
        _ body: @escaping @Sendable () throws(AudioEncoderError) -> R
    ) async throws(AudioEncoderError) -> R {
        try await encoder.runtime.perform { (cancellation) throws(AudioEncoderError) -> R in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try body()
        }
    }
}

/// Work between two turns on the runtime's thread.
private final class Turns<Work>: Sendable {
    private let work: Mutex<Work>

    init(_ work: sending Work) { self.work = Mutex(work) }

    /// Does the next part of it.
    func next<R: Sendable>(
        _ body: (inout Work) throws(AudioEncoderError) -> R
    ) throws(AudioEncoderError) -> R {
        try work.withLock { (work) throws(AudioEncoderError) in try body(&work) }
    }
}
