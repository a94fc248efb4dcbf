import SentenceEncoder
import Synchronization
import TensorCore
import Testing

/// The calls of tasks.
@Suite struct AsyncTests {
    private let runtime = Runtime(threads: 2)

    /// More than one part takes, of several lengths.
    private let texts = (0..<150).map { String(repeating: "cats like milk ", count: $0 % 3) + "\($0 % 10)" }

    private func model(_ name: String = "minilm") async throws -> SentenceEncoder {
        try await SentenceEncoder.load(folder: SentenceFixtures.path(name), runtime: runtime)
    }

    @Test(arguments: SentenceFixtures.encodersOfTexts) func resultsAreThoseOfPlainCalls(name: String) async throws {
        // Closures that are not asynchronous take the plain calls.
        let plain = try { () throws in
            try SentenceEncoder(folder: SentenceFixtures.path(name), runtime: runtime).embed(texts, truncates: true)
        }()
        let model = try await model(name)
        let found = try await model.embed(texts, truncates: true)
        #expect(found.shape == plain.shape)
        #expect(found.floats == plain.floats)
        #expect(try await model.embed([]).shape == Shape(0, model.embeddingWidth))
    }

    @Test func promptsArePutBeforeTexts() async throws {
        let model = try await model("e5")
        let name = try #require(model.promptNames.first)
        let plain = try { () throws in try model.embed(texts, prompt: name, truncates: true) }()
        #expect(try await model.embed(texts, prompt: name, truncates: true).floats == plain.floats)
    }

    @Test func progressIsTold() async throws {
        let seen = Mutex<[Int]>([])
        _ = try await model().embed(texts, truncates: true) { done, total in
            #expect(total == 150)
            seen.withLock { $0.append(done) }
        }
        let steps = seen.withLock { $0 }
        #expect(steps.count > 1 && steps.last == 150)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func cancellationStopsBetweenParts() async throws {
        let (model, texts) = (try await model(), texts)
        let calls = Mutex(0)
        let task = Task.detached {
            try await model.embed(texts, truncates: true) { done, total in
                #expect(done < total)
                calls.withLock { $0 += 1 }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        let error = await #expect(throws: SentenceEncoderError.self) { try await task.value }
        #expect(error?.isCancelled == true)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func cancelledTasksComputeNothing() async throws {
        let (model, texts) = (try await model(), texts)
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await model.embed(texts) { _, _ in Issue.record("something was computed") } },
            { _ = try await SentenceEncoder.load(folder: model.folder) },
        ]
        for call in calls {
            let task = Task.detached {
                withUnsafeCurrentTask { $0?.cancel() }
                try await call()
            }
            let error = await #expect(throws: SentenceEncoderError.self) { try await task.value }
            #expect(error?.isCancelled == true)
        }
    }

    @Test func manyTasksShareAModel() async throws {
        let (model, texts) = (try await model(), texts)
        let expected = try await model.embed(texts, truncates: true).floats
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask { try await model.embed(texts, truncates: true).floats == expected }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }

    @Test func errorsAreThoseOfPlainCalls() async throws {
        let model = try await model()
        let long = String(repeating: "cats like milk ", count: 2000)
        let calls: [(@Sendable () async throws -> Void, String)] = [
            ({ _ = try await SentenceEncoder.load(folder: "/nowhere/at all") }, "/nowhere/at all"),
            ({ _ = try await model.embed(["a", long]) }, "tokens"),
            ({ _ = try await model.embed(["a"], prompt: "no such prompt") }, "no such prompt"),
        ]
        for (call, part) in calls {
            let error = await #expect(throws: SentenceEncoderError.self) { try await call() }
            #expect(error?.description.contains(part) == true, "\(String(describing: error))")
        }
    }
}

extension SentenceEncoderError {
    fileprivate var isCancelled: Bool {
        guard case .cancelled = self else { return false }
        return description == "cancelled before it was done"
    }
}
