import Media

/// Pictures on their way from files to a model: read, decoded and prepared on another thread, in the order of the
/// inputs, a bounded number ahead of the model.
final class ImageStream: Sendable {
    /// One input.
    struct Item: Sendable {
        /// Its path.
        let path: InputPath
        /// What the model is fed, `[3, height, width]`, or why there is nothing (without the path).
        let pixels: Result<[Float], Failure>
    }

    private let items: BoundedQueue<Item>
    private let preprocessing = BoundedQueue<ImagePreprocessing>(capacity: 1)

    /// Starts to read and decode; what comes next needs ``prepare(with:)``.
    ///
    /// - Parameter ahead: prepared pictures that are kept waiting at most.
    init(_ inputs: some Sequence<Result<InputPath, InputError>> & Sendable, ahead: Int) throws(Failure) {
        items = BoundedQueue(capacity: ahead)
        try BackgroundThread.start { [items, preprocessing] in
            Self.produce(inputs, preprocessing, into: items)
            items.finish()
        }
    }

    deinit {
        items.cancel()
        preprocessing.cancel()
    }

    /// Says how pictures are prepared. The first picture is decoded meanwhile, so that a model can be loaded beside it.
    func prepare(with preprocessing: ImagePreprocessing) {
        _ = self.preprocessing.put(preprocessing)
    }

    /// Whether ``next(upTo:)`` would not wait.
    var isReady: Bool { items.isReady }

    /// The next inputs, as many as are ready but no more than `limit`; none at the end or when asked to end.
    func next(upTo limit: Int) -> [Item] { items.take(upTo: limit) }

    private static func produce(
        _ inputs: some Sequence<Result<InputPath, InputError>>, _ preprocessing: BoundedQueue<ImagePreprocessing>,
        into items: BoundedQueue<Item>
    ) {
        var prepare: ImagePreprocessing?
        for input in inputs {
            let item: Item
            switch input {
            case .failure(let error):
                item = Item(path: error.path, pixels: .failure(Failure(error.message, error.exitCode)))
            case .success(let path):
                let image = decode(path)
                // Asked for only now, when the first picture is decoded: the model is being loaded meanwhile.
                if prepare == nil { prepare = preprocessing.take(upTo: 1).first }
                guard let prepare else { return }
                item = Item(path: path, pixels: image.map { prepare($0) })
            }
            guard items.put(item) else { return }
        }
    }

    /// The picture in a file, upright, or why there is none (without the path).
    static func decode(_ path: InputPath) -> Result<Image, Failure> {
        do {
            let limits = ImageLimits()
            return .success(try ImageDecoder.decode(path.contents(limit: limits.fileBytes), limits: limits))
        } catch let error as InputError {
            return .failure(Failure(error.message, error.exitCode))
        } catch {
            return .failure(Failure(error))
        }
    }
}
