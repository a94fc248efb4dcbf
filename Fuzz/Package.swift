// swift-tools-version: 6.2
import PackageDescription

// A package of its own: its executable is linked with libFuzzer, which takes flags that the package above must do
// without, so that others can depend on it. `Scripts/fuzz.sh` builds and runs it.
let package = Package(
    name: "ZooFuzz",
    dependencies: [.package(name: "Zoo", path: "..")],
    targets: [
        .executableTarget(
            name: "zoo-fuzz",
            dependencies: [
                .product(name: "ModelZoo", package: "Zoo"), .product(name: "ZooCommand", package: "Zoo"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"), .treatAllWarnings(as: .error),
                // libFuzzer brings the entry point.
                .unsafeFlags(["-parse-as-library"]),
            ])
    ],
    swiftLanguageModes: [.v6]
)
