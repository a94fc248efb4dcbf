import ImageClassifiers
import Media
import Synchronization
import TensorCore
import Testing

/// Pooled features, and the calls of tasks.
@Suite struct AsyncTests {
    private static let models = ["timm-vit", "timm-resnet-basic"]

    private let runtime = Runtime(threads: 2)

    /// More images than one part takes.
    private let images = (0..<250).map { index in
        Image(
            width: 30, height: 26, mode: .rgb,
            bytes: (0..<30 * 26 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index &* 11) })
    }

    private func plain(_ model: String) throws -> ImageClassifier {
        try ImageClassifier(folder: ClassifierFixtures.path(model), runtime: runtime)
    }

    @Test(arguments: models) func featuresArePooledOnes(model: String) throws {
        let classifier = try plain(model)
        let features = try classifier.features(images)
        let whole = try classifier.outputs(classifier.pixelValues(images)).features
        #expect(features.shape == whole.shape)
        #expect(features.floats == whole.floats)
        #expect(try classifier.features([]).shape == Shape(0, whole.shape[1]))
    }

    @Test(arguments: models) func resultsAreThoseOfPlainCalls(model: String) async throws {
        // Closures that are not asynchronous take the plain calls.
        let results = try { () throws in
            let classifier = try plain(model)
            return (features: try classifier.features(images), all: try classifier.classify(images, top: 3))
        }()
        let classifier = try await ImageClassifier.load(folder: ClassifierFixtures.path(model), runtime: runtime)
        let features = try await classifier.features(images)
        #expect(features.shape == results.features.shape)
        #expect(features.floats == results.features.floats)
        #expect(try await classifier.classify(images, top: 3) == results.all)
        #expect(try await classifier.classify(images[7], top: 3) == results.all[7])
        #expect(try await classifier.features([]).shape == Shape(0, features.shape[1]))
        #expect(try await classifier.classify([Image]()).isEmpty)
    }

    @Test func progressIsTold() async throws {
        let classifier = try await ImageClassifier.load(folder: ClassifierFixtures.path("timm-vit"), runtime: runtime)
        for call in ["classify", "features"] {
            let seen = Mutex<[Int]>([])
            let note: @Sendable (Int, Int) -> Void = { done, total in
                #expect(total == 250)
                seen.withLock { $0.append(done) }
            }
            if call == "classify" {
                _ = try await classifier.classify(images, progress: note)
            } else {
                _ = try await classifier.features(images, progress: note)
            }
            let steps = seen.withLock { $0 }
            #expect(steps.count > 1 && steps.last == 250)
            #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func cancellationStopsBetweenParts() async throws {
        let classifier = try await ImageClassifier.load(folder: ClassifierFixtures.path("timm-vit"), runtime: runtime)
        let images = images
        let calls = Mutex(0)
        let task = Task.detached {
            try await classifier.features(images) { done, total in
                #expect(done < total)
                calls.withLock { $0 += 1 }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        let error = await #expect(throws: ImageClassifierError.self) { try await task.value }
        #expect(error?.isCancelled == true)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func cancelledTasksComputeNothing() async throws {
        let classifier = try await ImageClassifier.load(folder: ClassifierFixtures.path("timm-vit"), runtime: runtime)
        let (images, runtime) = (images, runtime)
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await classifier.features(images) { _, _ in Issue.record("something was computed") } },
            { _ = try await classifier.classify(images) { _, _ in Issue.record("something was computed") } },
            { _ = try await classifier.classify(images[0]) },
            { _ = try await ImageClassifier.load(folder: classifier.folder, runtime: runtime) },
        ]
        for call in calls {
            let task = Task.detached {
                withUnsafeCurrentTask { $0?.cancel() }
                try await call()
            }
            let error = await #expect(throws: ImageClassifierError.self) { try await task.value }
            #expect(error?.isCancelled == true)
        }
    }

    @Test func manyTasksShareAModel() async throws {
        let classifier = try await ImageClassifier.load(folder: ClassifierFixtures.path("timm-vit"), runtime: runtime)
        let images = images
        let expected = try await classifier.features(images).floats
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<16 { group.addTask { try await classifier.features(images).floats } }
            for try await values in group { #expect(values == expected) }
        }
    }

    @Test func errorsAreThoseOfPlainCalls() async throws {
        let error = await #expect(throws: ImageClassifierError.self) {
            try await ImageClassifier.load(folder: "/nowhere/at all")
        }
        #expect(error?.description.contains("/nowhere/at all") == true)
    }
}

extension ImageClassifierError {
    fileprivate var isCancelled: Bool {
        guard case .cancelled = self else { return false }
        return description == "cancelled before it was done"
    }
}
