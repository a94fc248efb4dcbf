import ModelZoo

/// Something to embed.
enum EmbeddingInput: Sendable {
    /// A picture's path, or why there is none.
    case picture(Result<InputPath, InputError>)
    /// A sound's path, or why there is none.
    case sound(Result<InputPath, InputError>)
    /// A text.
    case text(String)
    /// A line that is no text: where it stands, and why.
    case unreadable(place: String, Failure)

    /// What it is called in results.
    var name: String {
        switch self {
        case .picture(.success(let path)), .sound(.success(let path)): path.text
        case .picture(.failure(let error)), .sound(.failure(let error)): error.path.text
        case .text(let text): text
        case .unreadable(let place, _): place
        }
    }
}

/// What came of an input.
struct EmbeddingOutcome {
    /// What the input is called in results.
    let name: String
    /// Its vector, or why there is none (without the name).
    let vector: Result<[Float], Failure>
}

/// Inputs through a model, in batches, in order. What comes out does not depend on the size of the batches.
final class EmbeddingRun {
    private enum Source {
        case pictures(ImageStream)
        case texts(AnyIterator<EmbeddingInput>)
        case sounds(AnyIterator<EmbeddingInput>)
    }

    private let source: Source
    private let batch: Int
    private var model: EmbeddingModel?
    /// Texts go together in larger batches than pictures: each is far less work.
    private static let textsAPicture = 4

    /// A run over pictures, which are read on another thread from now on, while a model can be loaded.
    init(
        pictures: some Sequence<Result<InputPath, InputError>> & Sendable, batch: Int
    ) throws(Failure) {
        source = .pictures(try ImageStream(pictures, ahead: batch))
        self.batch = batch
    }

    /// A run over texts.
    init(texts: some Sequence<EmbeddingInput>, batch: Int) {
        source = .texts(AnyIterator(texts.makeIterator()))
        self.batch = batch * Self.textsAPicture
    }

    /// A run over sounds, which are heard one by one.
    init(sounds: some Sequence<EmbeddingInput>) {
        source = .sounds(AnyIterator(sounds.makeIterator()))
        batch = 1
    }

    /// Says which model it is.
    func use(_ model: EmbeddingModel) throws(ModelError) {
        if case .pictures(let stream) = source { stream.prepare(with: try model.preprocessing()) }
        self.model = model
    }

    /// Whether ``next()`` would not wait for inputs.
    var isReady: Bool {
        switch source {
        case .pictures(let stream): stream.isReady
        case .texts: true
        // A sound takes a while: what there is by then is worth seeing.
        case .sounds: false
        }
    }

    /// The outcomes of the next inputs, in order; none at the end, and where the process was asked to end.
    ///
    /// - Precondition: ``use(_:)`` was called.
    func next() throws(ModelError) -> [EmbeddingOutcome] {
        guard let model else { preconditionFailure("no model is in use") }
        switch source {
        case .pictures(let stream):
            let items = stream.next(upTo: batch)
            var rows = try model.embed(
                pictures: items.compactMap { try? $0.pixels.get() }, try model.preprocessing())[...]
            return items.map { item in
                switch item.pixels {
                case .success: EmbeddingOutcome(name: item.path.text, vector: rows.removeFirst())
                case .failure(let failure): EmbeddingOutcome(name: item.path.text, vector: .failure(failure))
                }
            }
        case .texts(let inputs):
            guard Interruption.exitCode == nil else { return [] }
            var items: [EmbeddingInput] = []
            while items.count < batch, let input = inputs.next() { items.append(input) }
            let texts = items.compactMap { if case .text(let text) = $0 { text } else { nil } }
            var rows = try model.embed(texts: texts)[...]
            return items.map { item in
                switch item {
                case .text(let text): EmbeddingOutcome(name: text, vector: rows.removeFirst())
                case .unreadable(let place, let failure): EmbeddingOutcome(name: place, vector: .failure(failure))
                case .picture, .sound: preconditionFailure("a picture or a sound among texts")
                }
            }
        case .sounds(let inputs):
            guard Interruption.exitCode == nil, let input = inputs.next() else { return [] }
            guard case .sound(let path) = input else { preconditionFailure("something else among sounds") }
            return [EmbeddingOutcome(name: input.name, vector: try model.embed(sound: path))]
        }
    }
}
