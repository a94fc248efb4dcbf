import ModelZoo

/// Pictures and sentences become vectors.
func embed() async throws {
    let model = try await DualEncoder.load(folder: "zoo/clip-tiny")

    let image = try ImageDecoder.decode(path: "samples/ship.png")
    let picture = try await model.embed(images: [image])  // [1, d]
    let texts = try await model.embed(texts: ["a ship at sea", "a green frog"])  // [2, d]

    print(dot(picture, texts.rows(0..<1)))  // the larger one: the sentence fits the picture
    print(dot(picture, texts.rows(1..<2)))
}

/// The cosine of the angle between two vectors of length 1.
func dot(_ a: Tensor, _ b: Tensor) -> Float {
    zip(a.floats, b.floats).reduce(0) { $0 + $1.0 * $1.1 }
}

/// A picture gets the labels of one's choice.
func label() async throws {
    let entry = try Registry(roots: ["zoo"]).find("clip-tiny")
    let model = try await DualEncoder.load(folder: entry.folder)
    let image = try ImageDecoder.decode(path: "samples/frog.png")

    for prediction in try await model.classify([image], labels: ["frog", "ship", "truck"])[0] {
        print(prediction.label, prediction.score)
    }

    let labels = ["frog", "ship", "truck"]
    let matrix = try await model.classMatrix(labels: labels, templates: ["a photo of a {}.", "a picture of the {}."])
    let pictures = try await model.embed(images: [image])
    print(model.predictions(pictures, labels: labels, classMatrix: matrix)[0][0].label)
}

/// A sentence finds pictures.
func search() async throws {
    let model = try await DualEncoder.load(folder: "zoo/clip-tiny")
    let files = ["airplane.png", "bird.png", "deer.png", "frog.png", "ship.png", "truck.png"]
    let images = try files.map { try ImageDecoder.decode(path: "samples/\($0)") }
    let library = try await model.embed(images: images)  // [6, d]

    let query = try await model.embed(texts: ["a ship at sea"])  // [1, d]
    let hits = files.indices.map { (file: files[$0], score: dot(query, library.rows($0..<$0 + 1))) }
    for hit in hits.sorted(by: { $0.score > $1.score }).prefix(3) { print(hit.file, hit.score) }
}

/// Sentences are compared with each other.
func sentences() async throws {
    let encoder = try await SentenceEncoder.load(folder: "models/all-MiniLM-L6-v2")
    let vectors = try await encoder.embed([
        "A cat sits on the mat.", "There is a cat on the rug.", "The train leaves at noon.",
    ])  // [3, d]

    print(dot(vectors.rows(0..<1), vectors.rows(1..<2)))
    print(dot(vectors.rows(0..<1), vectors.rows(2..<3)))
}

/// A classifier without its last layer.
func features() async throws {
    let classifier = try await ImageClassifier.load(folder: "zoo/resnet-cifar10")
    let images = try ["cat.webp", "dog.jpg"].map { try ImageDecoder.decode(path: "samples/\($0)") }
    let features = try await classifier.features(images)  // [2, width]

    print(features.shape)
}

/// Many pictures, with progress, until they are done or no longer wanted.
func batches() async throws {
    let model = try await DualEncoder.load(folder: "zoo/clip-tiny", towers: [.image])
    let image = try ImageDecoder.decode(path: "samples/ship.png")
    let images = [Image](repeating: image, count: 500)

    let task = Task {
        try await model.embed(images: images) { done, total in print("\(done) of \(total)") }
    }
    task.cancel()  // a user who left, a timer, a task group that failed
    do {
        let vectors = try await task.value
        print(vectors.shape)
    } catch DualEncoderError.cancelled {
        print("cancelled")
    }
}

/// One model serves many tasks.
func together() async throws {
    let model = try await DualEncoder.load(folder: "zoo/clip-tiny", towers: [.text])
    let questions = ["a frog", "a ship", "a truck"]

    let vectors = try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
        for (index, question) in questions.enumerated() {
            group.addTask { (index, try await model.embed(texts: [question])) }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    print(vectors.count)
}

/// What cannot be right is an error that says why.
func refuse() async {
    do throws(DualEncoderError) {
        _ = try await DualEncoder.load(folder: "zoo/resnet-cifar10")
    } catch {
        print(error)
    }
}
