import DualEncoder
import Media
import Synchronization
import TensorCore
import Testing

/// The calls of tasks.
@Suite struct AsyncTests {
    private static let models = ["transformers-clip", "transformers-siglip-mask"]
    private static let counts = ["images", "texts", "labels", "classes"]

    private let runtime = Runtime(threads: 2)

    /// More than one part takes, each.
    private let images = (0..<150).map { index in
        Image(
            width: 40, height: 36, mode: .rgb,
            bytes: (0..<40 * 36 * 3).map { UInt8(truncatingIfNeeded: $0 &* 5 &+ index &* 13) })
    }
    private let texts = (0..<70).map { String(repeating: "a red cat ", count: $0 % 3 + 1) + "\($0 % 10)" }
    private let labels = (0..<40).map { "cat \($0)" }
    private let templates = ["a {}.", "my {}"]

    private func model(_ name: String = "transformers-clip") async throws -> DualEncoder {
        try await DualEncoder.load(folder: DualEncoderFixtures.path(name), runtime: runtime)
    }

    @Test(arguments: models) func resultsAreThoseOfPlainCalls(name: String) async throws {
        let (images, labels) = (Array(images.prefix(140)), labels)
        // Closures that are not asynchronous take the plain calls.
        let plain = try { () throws in
            let model = try DualEncoder(folder: DualEncoderFixtures.path(name), runtime: runtime)
            return (
                images: try model.embed(images: images), raw: try model.embed(images: images, normalized: false),
                texts: try model.embed(texts: texts, truncates: true),
                matrix: try model.classMatrix(labels: labels, templates: templates),
                predictions: try model.classify(images, labels: labels, templates: templates)
            )
        }()
        let model = try await model(name)
        try expectEqual(await model.embed(images: images), plain.images)
        try expectEqual(await model.embed(images: images, normalized: false), plain.raw)
        try expectEqual(await model.embed(texts: texts, truncates: true), plain.texts)
        try expectEqual(await model.classMatrix(labels: labels, templates: templates), plain.matrix)
        #expect(try await model.classify(images, labels: labels, templates: templates) == plain.predictions)
        #expect(try await model.embed(images: []).shape == Shape(0, model.embeddingWidth))
        #expect(try await model.embed(texts: []).shape == Shape(0, model.embeddingWidth))
        #expect(try await model.classify([], labels: labels).isEmpty)
    }

    private func expectEqual(_ found: Tensor, _ expected: Tensor) {
        #expect(found.shape == expected.shape)
        #expect(found.floats == expected.floats)
    }

    /// One of the calls that take a closure for progress.
    private func call(
        _ name: String, _ model: DualEncoder, _ progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws {
        switch name {
        case "images": _ = try await model.embed(images: images, progress: progress)
        case "texts": _ = try await model.embed(texts: texts, truncates: true, progress: progress)
        case "labels": _ = try await model.classMatrix(labels: labels, templates: templates, progress: progress)
        default: _ = try await model.classify(images, labels: labels, templates: templates, progress: progress)
        }
    }

    @Test(arguments: zip(counts, [150, 70, 40, 150])) func progressIsTold(name: String, count: Int) async throws {
        let seen = Mutex<[Int]>([])
        try await call(name, model()) { done, total in
            #expect(total == count)
            seen.withLock { $0.append(done) }
        }
        let steps = seen.withLock { $0 }
        #expect(steps.count > 1 && steps.last == count)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(arguments: counts) func cancellationStopsBetweenParts(name: String) async throws {
        let model = try await model()
        let calls = Mutex(0)
        let task = Task.detached {
            try await call(name, model) { done, total in
                #expect(done < total)
                calls.withLock { $0 += 1 }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        let error = await #expect(throws: DualEncoderError.self) { try await task.value }
        #expect(error?.isCancelled == true)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test(arguments: counts) func cancelledTasksComputeNothing(name: String) async throws {
        let model = try await model()
        let task = Task.detached {
            withUnsafeCurrentTask { $0?.cancel() }
            try await call(name, model) { _, _ in Issue.record("something was computed") }
        }
        let error = await #expect(throws: DualEncoderError.self) { try await task.value }
        #expect(error?.isCancelled == true)
    }

    @Test func cancelledTasksLoadNothing() async throws {
        let task = Task.detached {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await model()
        }
        let error = await #expect(throws: DualEncoderError.self) { try await task.value }
        #expect(error?.isCancelled == true)
    }

    @Test func manyTasksShareAModel() async throws {
        let model = try await model()
        let (images, texts) = (Array(images.prefix(70)), texts)
        let expected = (
            try await model.embed(images: images).floats, try await model.embed(texts: texts, truncates: true).floats
        )
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { try await model.embed(images: images).floats == expected.0 }
                group.addTask { try await model.embed(texts: texts, truncates: true).floats == expected.1 }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }

    @Test func errorsAreThoseOfPlainCalls() async throws {
        let model = try await model()
        let long = String(repeating: "cat ", count: 200)
        let calls: [(@Sendable () async throws -> Void, String)] = [
            ({ _ = try await DualEncoder.load(folder: "/nowhere/at all") }, "/nowhere/at all"),
            ({ _ = try await model.embed(texts: ["a", long]) }, "tokens"),
            ({ _ = try await model.classMatrix(labels: [], templates: ["{}"]) }, "at least one label"),
            ({ _ = try await model.classMatrix(labels: ["a"], templates: []) }, "at least one template"),
            ({ _ = try await model.classify([], labels: ["a"], templates: ["b"]) }, "a template with {}"),
        ]
        for (call, part) in calls {
            let error = await #expect(throws: DualEncoderError.self) { try await call() }
            #expect(error?.description.contains(part) == true, "\(String(describing: error))")
        }
    }
}

extension DualEncoderError {
    fileprivate var isCancelled: Bool {
        guard case .cancelled = self else { return false }
        return description == "cancelled before it was done"
    }
}
