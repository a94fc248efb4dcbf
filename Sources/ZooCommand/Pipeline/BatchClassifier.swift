import Media
import ModelZoo
import TensorCore

/// Classifies what an image stream gives, in batches. What comes out does not depend on the size of the batches.
struct BatchClassifier {
    /// The model.
    let classifier: PictureClassifier
    /// Pictures a batch has at most.
    let batch: Int

    /// One input and what the model says of it.
    struct Outcome {
        /// The input's path.
        let path: InputPath
        /// The most probable classes, or why there are none (without the path).
        let predictions: Result<[Prediction], Failure>
    }

    /// The outcomes of the next inputs, in order; none at the end.
    ///
    /// - Parameter top: how many classes for each.
    func next(_ stream: ImageStream, top: Int) -> [Outcome] {
        let items = stream.next(upTo: batch)
        var rows = classify(items.compactMap { try? $0.pixels.get() }, top: top)[...]
        return items.map { item in
            switch item.pixels {
            case .success: Outcome(path: item.path, predictions: rows.removeFirst())
            case .failure(let failure): Outcome(path: item.path, predictions: .failure(failure))
            }
        }
    }

    private typealias Row = Result<[Prediction], Failure>

    /// One result for each picture.
    private func classify(_ pictures: [[Float]], top: Int) -> [Row] {
        guard !pictures.isEmpty else { return [] }
        let shape = classifier.preprocessing
        let size = shape.outputCount
        let pixels = Tensor(shape: Shape(pictures.count, 3, shape.outputHeight, shape.outputWidth)) { values in
            for (index, picture) in pictures.enumerated() {
                _ = UnsafeMutableBufferPointer(rebasing: values[index * size..<(index + 1) * size])
                    .update(fromContentsOf: picture)
            }
        }
        do throws(ModelError) {
            return try classifier.predictions(pixels, top: top).map(Row.success)
        } catch {
            // One picture must not take its neighbours with it.
            guard pictures.count == 1 else { return pictures.flatMap { classify([$0], top: top) } }
            return [.failure(Failure(error))]
        }
    }
}

/// How many inputs failed, and the exit code for that.
struct FailureTally {
    /// Inputs in all.
    private(set) var total = 0
    /// Those that failed.
    private(set) var failed = 0
    private var codes: Set<ExitCode> = []

    /// Notes that an input went well, or why not.
    mutating func add(_ failure: Failure?) {
        total += 1
        guard let failure else { return }
        failed += 1
        codes.insert(failure.exitCode)
    }

    /// The exit code: of several reasons the one that is least the data's.
    var exitCode: ExitCode {
        guard !codes.isEmpty else { return .success }
        return [.inputOutput, .inputNotFound].first { codes.contains($0) } ?? .badData
    }
}
