// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules.
let rules: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// C targets: warnings are errors, too.
let cRules: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]

let package = Package(
    name: "Zoo",
    products: [
        .library(name: "ModelZoo", targets: ["ModelZoo"]),
        .library(name: "ImageClassifiers", targets: ["ImageClassifiers"]),
        .library(name: "DualEncoder", targets: ["DualEncoder"]),
        .library(name: "SentenceEncoder", targets: ["SentenceEncoder"]),
        .library(name: "AudioEncoder", targets: ["AudioEncoder"]),
        .library(name: "GAN", targets: ["GAN"]),
        .library(name: "Diffusion", targets: ["Diffusion"]),
        .library(name: "LatentDiffusion", targets: ["LatentDiffusion"]),
        .library(name: "Randomness", targets: ["Randomness"]),
        .library(name: "Text", targets: ["Text"]),
        .library(name: "ZooCommand", targets: ["ZooCommand"]),
        .library(name: "Hub", targets: ["Hub"]),
        .executable(name: "zoo", targets: ["zoo"]),
        .executable(name: "zoo-bench", targets: ["zoo-bench"]),
    ],
    targets: [
        // C: kernels, and shims over the system's libraries.
        .target(name: "CKernels", cSettings: cRules, linkerSettings: [.linkedLibrary("m")]),
        .target(name: "CPlatform", cSettings: cRules),
        .systemLibrary(name: "CLibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CLibJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .systemLibrary(name: "CLibWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
        .systemLibrary(name: "CLibMD", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        // Loads libcurl when it is asked for: no library to link, its headers only.
        .target(name: "CHub", cSettings: cRules),
        .target(
            name: "CImageCodecs", dependencies: ["CLibPNG", "CLibJPEG", "CLibWebP", "CLibZ"], cSettings: cRules),

        // The runtime and what stands on it.
        .target(name: "Files", swiftSettings: rules),
        .target(name: "JSON", swiftSettings: rules),
        .target(name: "TensorCore", dependencies: ["CKernels", "CPlatform"], swiftSettings: rules),
        .target(name: "Layers", dependencies: ["TensorCore"], swiftSettings: rules),
        .target(name: "Checkpoints", dependencies: ["Files", "TensorCore", "JSON", "CLibMD"], swiftSettings: rules),
        .target(name: "Media", dependencies: ["JSON", "CImageCodecs"], swiftSettings: rules),
        .target(name: "Audio", dependencies: ["Files", "CLibSndFile"], swiftSettings: rules),
        .target(name: "Text", dependencies: ["Files", "JSON", "CLibZ"], swiftSettings: rules),
        .target(name: "CTC", dependencies: ["Files", "JSON"], swiftSettings: rules),

        // Other libraries' random numbers.
        .target(name: "Randomness", swiftSettings: rules),

        // The hub that models come from, and the cache they go to.
        .target(name: "Hub", dependencies: ["Files", "JSON", "Checkpoints", "CHub"], swiftSettings: rules),

        // Model families: each a product of its own, none knows another, but for latent diffusion, which puts two
        // together.
        .target(
            name: "ImageClassifiers", dependencies: ["TensorCore", "Layers", "JSON", "Checkpoints", "Media"],
            swiftSettings: rules),
        .target(
            name: "DualEncoder", dependencies: ["TensorCore", "Layers", "JSON", "Checkpoints", "Media", "Text"],
            swiftSettings: rules),
        .target(
            name: "SentenceEncoder", dependencies: ["TensorCore", "Layers", "JSON", "Checkpoints", "Text"],
            swiftSettings: rules),
        .target(
            name: "AudioEncoder", dependencies: ["TensorCore", "Layers", "JSON", "Checkpoints", "Audio", "CTC"],
            swiftSettings: rules),
        .target(
            name: "GAN", dependencies: ["TensorCore", "Layers", "Files", "JSON", "Checkpoints", "Randomness"],
            swiftSettings: rules),
        .target(
            name: "Diffusion",
            dependencies: ["TensorCore", "Layers", "Files", "JSON", "Checkpoints", "Randomness"],
            swiftSettings: rules),
        .target(
            name: "LatentDiffusion",
            dependencies: [
                "TensorCore", "Layers", "Files", "JSON", "Checkpoints", "Randomness", "Text", "Diffusion",
                "DualEncoder",
            ],
            swiftSettings: rules),

        // Exact search among embeddings.
        .target(name: "VectorIndex", dependencies: ["Files", "TensorCore"], swiftSettings: rules),

        // The umbrella, the command and the kernel benchmark.
        .target(
            name: "ModelZoo",
            dependencies: [
                "TensorCore", "Layers", "JSON", "Checkpoints", "Media", "Text", "Audio", "CTC", "Randomness",
                "ImageClassifiers", "DualEncoder", "SentenceEncoder", "AudioEncoder", "GAN", "Diffusion",
                "LatentDiffusion", "Hub",
            ],
            swiftSettings: rules),
        .target(name: "Arguments", swiftSettings: rules),
        .target(
            name: "ZooCommand",
            dependencies: [
                "ModelZoo", "ImageClassifiers", "DualEncoder", "SentenceEncoder", "AudioEncoder", "GAN", "Diffusion",
                "LatentDiffusion",
                "Randomness", "VectorIndex", "Text", "Media", "Audio", "CTC", "Hub", "Checkpoints", "JSON",
                "TensorCore",
                "Arguments",
            ],
            swiftSettings: rules),
        .executableTarget(name: "zoo", dependencies: ["ZooCommand"], swiftSettings: rules),
        .executableTarget(
            name: "zoo-bench", dependencies: ["TensorCore", "Arguments", "JSON"], path: "Sources/bench",
            swiftSettings: rules),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["TensorCore", "CKernels", "JSON", "Layers"], path: "Tests/TestSupport",
            swiftSettings: rules),
        .testTarget(
            name: "TensorCoreTests", dependencies: ["TensorCore", "CKernels", "TestSupport"], swiftSettings: rules),
        .testTarget(
            name: "RandomnessTests", dependencies: ["Randomness", "JSON"], resources: [.copy("Fixtures")],
            swiftSettings: rules),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: rules),
        .testTarget(
            name: "CheckpointsTests", dependencies: ["Checkpoints", "TensorCore", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")],
            swiftSettings: rules),
        .target(
            name: "HubTestSupport", dependencies: ["Checkpoints"], path: "Tests/HubTestSupport", swiftSettings: rules),
        .testTarget(
            name: "HubTests", dependencies: ["Hub", "JSON", "Checkpoints", "TestSupport", "HubTestSupport"],
            swiftSettings: rules),
        .testTarget(
            name: "MediaTests", dependencies: ["Media", "JSON", "TestSupport"], resources: [.copy("Fixtures")],
            swiftSettings: rules),
        .testTarget(
            name: "LayersTests", dependencies: ["Layers", "TensorCore", "Checkpoints", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "ImageClassifiersTests",
            dependencies: ["ImageClassifiers", "TensorCore", "Layers", "Checkpoints", "JSON", "Media", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "TextTests", dependencies: ["Text", "Files", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "DualEncoderTests",
            dependencies: [
                "DualEncoder", "TensorCore", "Layers", "Checkpoints", "JSON", "Media", "Text", "TestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "SentenceEncoderTests",
            dependencies: ["SentenceEncoder", "TensorCore", "Layers", "Checkpoints", "JSON", "Text", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "AudioTests", dependencies: ["Audio", "Files", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "CTCTests", dependencies: ["CTC", "Files", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "AudioEncoderTests",
            dependencies: [
                "AudioEncoder", "TensorCore", "Layers", "Checkpoints", "JSON", "Audio", "CTC", "TestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "GANTests", dependencies: ["GAN", "TensorCore", "Layers", "Checkpoints", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "DiffusionTests",
            dependencies: ["Diffusion", "Randomness", "TensorCore", "Layers", "Checkpoints", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "LatentDiffusionTests",
            dependencies: [
                "LatentDiffusion", "Diffusion", "DualEncoder", "Randomness", "Text", "TensorCore", "Layers",
                "Checkpoints", "JSON", "TestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: rules),
        .testTarget(
            name: "VectorIndexTests", dependencies: ["VectorIndex", "Files", "TensorCore", "TestSupport"],
            swiftSettings: rules),
        .testTarget(name: "ArgumentsTests", dependencies: ["Arguments"], swiftSettings: rules),
        .testTarget(
            name: "ModelZooTests",
            dependencies: ["ModelZoo", "ImageClassifiers", "Checkpoints", "JSON", "TensorCore", "TestSupport"],
            swiftSettings: rules),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "zoo", "ZooCommand", "Arguments", "ModelZoo", "ImageClassifiers", "DualEncoder", "SentenceEncoder",
                "AudioEncoder", "GAN", "Diffusion", "LatentDiffusion", "Randomness", "VectorIndex", "Text", "Media",
                "Audio", "CTC", "Hub", "Checkpoints", "JSON", "TensorCore", "TestSupport", "HubTestSupport",
            ], swiftSettings: rules),
        .testTarget(name: "ArchitectureTests", swiftSettings: rules),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17
)
