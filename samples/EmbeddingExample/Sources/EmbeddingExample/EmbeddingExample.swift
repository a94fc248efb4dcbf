import DualEncoder

/// Says which sentence fits which picture. Run it where `zoo` and `samples` lie: EmbeddingExample [MODEL]
@main struct EmbeddingExample {
    static func main() async throws {
        let model = try await DualEncoder.load(folder: CommandLine.arguments.dropFirst().first ?? "zoo/clip-tiny")

        let files = ["airplane.png", "bird.png", "deer.png", "frog.png", "ship.png", "truck.png"]
        let images = try files.map { try ImageDecoder.decode(path: "samples/\($0)") }
        let pictures = try await model.embed(images: images)  // [6, d], each row of length 1

        let sentences = ["an airplane", "a bird", "a deer", "a frog", "a ship", "a truck"].map { "a photo of \($0)." }
        let texts = try await model.embed(texts: sentences)  // [6, d]

        for (row, file) in files.enumerated() {
            let picture = pictures.rows(row..<row + 1).floats
            let cosines = sentences.indices.map { index in
                zip(picture, texts.rows(index..<index + 1).floats).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let best = cosines.indices.max { cosines[$0] < cosines[$1] } ?? 0
            print("\(file): \(sentences[best]) (\(cosines[best]))")
        }
    }
}
