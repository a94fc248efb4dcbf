// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "EmbeddingExample",
    dependencies: [.package(name: "Zoo", path: "../..")],
    targets: [
        // Images and sentences, in the fewest lines.
        .executableTarget(name: "EmbeddingExample", dependencies: [.product(name: "DualEncoder", package: "Zoo")]),
        // Every step of the article "Embed images and text".
        .executableTarget(name: "Guide", dependencies: [.product(name: "ModelZoo", package: "Zoo")]),
    ],
    swiftLanguageModes: [.v6]
)
