import Audio
import AudioEncoder
import Synchronization
import TestSupport
import Testing

/// The calls of tasks.
@Suite struct TranscriberAsyncTests {
    private let options = Transcriber.Options(chunking: .chunks(seconds: 1.5), voiceActivity: VoiceActivity())
    private let folder = try? TemporaryFolder()
    private var path: String { folder?.path("a.wav") ?? "" }

    private func transcriber() async throws -> Transcriber {
        try AudioClip(samples: MadeUpSound.whole, rate: 16_000).writeWAV(to: path, encoding: .float32)
        return try await Transcriber.load(
            folder: TranscriberFixtures.path("group"), runtime: TranscriberFixtures.runtime, options: options)
    }

    @Test func resultsAreThoseOfPlainCalls() async throws {
        let transcriber = try await transcriber()
        let plain = try { () throws in try transcriber.transcribe(samples: MadeUpSound.whole) }()
        #expect(!plain.text.isEmpty)
        let pieces = Mutex<[TranscriptionPiece]>([])
        let found = try await transcriber.transcribe(path: path) { piece in pieces.withLock { $0.append(piece) } }
        #expect(found == plain)
        #expect(pieces.withLock { $0.map(\.text).joined() } == plain.text)
        #expect(pieces.withLock { $0.count } > 4)
        #expect(try await transcriber.transcribe(samples: MadeUpSound.whole) == plain)
        #expect(try await transcriber.transcribe(samples: []) == Transcription())
        let aligned = try { () throws in try transcriber.align(samples: MadeUpSound.whole, text: "tea is hot") }()
        #expect(try await transcriber.align(path: path, text: "tea is hot") == aligned)
    }

    @Test func cancellationStopsBetweenChunks() async throws {
        let (transcriber, path) = (try await transcriber(), path)
        let calls: [@Sendable (@escaping @Sendable (TranscriptionPiece) -> Void) async throws -> Void] = [
            { _ = try await transcriber.transcribe(path: path, each: $0) },
            { _ = try await transcriber.transcribe(samples: MadeUpSound.whole, each: $0) },
        ]
        for call in calls {
            let count = Mutex(0)
            let task = Task.detached {
                try await call { piece in
                    #expect(piece.processed < 9.37)
                    count.withLock { $0 += 1 }
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            let error = await #expect(throws: AudioEncoderError.self) { try await task.value }
            #expect(error?.isCancelled == true)
            #expect(count.withLock { $0 } == 1)
        }
    }

    @Test func cancelledTasksComputeNothing() async throws {
        let (transcriber, path) = (try await transcriber(), path)
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await transcriber.transcribe(path: path) { _ in Issue.record("something was computed") } },
            { _ = try await transcriber.transcribe(samples: [0, 0]) { _ in Issue.record("something was computed") } },
            { _ = try await transcriber.align(path: path, text: "tea") },
            { _ = try await Transcriber.load(folder: transcriber.encoder.folder) },
        ]
        for call in calls {
            let task = Task.detached {
                withUnsafeCurrentTask { $0?.cancel() }
                try await call()
            }
            let error = await #expect(throws: AudioEncoderError.self) { try await task.value }
            #expect(error?.isCancelled == true)
        }
    }

    @Test func manyTasksShareATranscriber() async throws {
        let (transcriber, path) = (try await transcriber(), path)
        let expected = try await transcriber.transcribe(path: path)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 { group.addTask { try await transcriber.transcribe(path: path) == expected } }
            for try await isEqual in group { #expect(isEqual) }
        }
    }

    @Test func errorsAreThoseOfPlainCalls() async throws {
        let transcriber = try await transcriber()
        let calls: [(@Sendable () async throws -> Void, String)] = [
            ({ _ = try await Transcriber.load(folder: "/nowhere/at all") }, "/nowhere/at all"),
            ({ _ = try await transcriber.transcribe(path: "/nowhere/a.wav") }, "/nowhere/a.wav"),
            ({ _ = try await transcriber.transcribe(samples: [.nan]) }, "nan"),
        ]
        for (call, part) in calls {
            let error = await #expect(throws: AudioEncoderError.self) { try await call() }
            #expect(error?.description.contains(part) == true, "\(String(describing: error))")
        }
    }
}

extension AudioEncoderError {
    fileprivate var isCancelled: Bool {
        guard case .cancelled = self else { return false }
        return true
    }
}
