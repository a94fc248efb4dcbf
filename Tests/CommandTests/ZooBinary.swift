import Foundation
import Media
import TestSupport

/// The built `zoo`, run as users run it.
struct ZooBinary {
    /// What a run came to.
    struct Result {
        let code: Int32
        let wasSignalled: Bool
        let output: String
        let errors: String

        /// The lines of standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
        /// Standard output, one JSON object a line.
        func objects() throws -> [[String: Any]] {
            try lines.map { line in
                guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                    throw Missing(description: "no JSON object: \(line)")
                }
                return object
            }
        }
    }

    struct Missing: Error, CustomStringConvertible { let description: String }

    /// A seeded test model.
    static func fixture(_ name: String) -> String { Fixtures.folder(name) }

    /// The program's file, which lies beside the tests' own.
    static func path() throws -> String {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        // The tests may be started by a helper of the toolchain, with their bundle as its argument.
        let candidates =
            [tests.path, CommandLine.arguments[0]] + CommandLine.arguments.filter { $0.contains(".xctest") }
        for candidate in candidates {
            let folder = URL(filePath: candidate).deletingLastPathComponent()
            let path = folder.appending(path: "zoo").path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Missing(description: "no zoo beside \(candidates): build it with 'swift build --product zoo'")
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - environment: variables on top of a bare environment.
    ///   - output: where standard output goes; collected where left out.
    ///   - shell: a script of `sh` that runs it, as `"$@"`.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], folder: String? = nil,
        output: FileHandle? = nil, shell: String? = nil
    ) throws -> Result {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let outputPath = try scratch.write(Data(), "out")
        let errorPath = try scratch.write(Data(), "err")
        let inputPath = try scratch.write(Data(input.utf8), "in")
        let process = try make(arguments, environment: environment, folder: folder, shell: shell)
        process.standardInput = FileHandle(forReadingAtPath: inputPath)
        process.standardOutput = output ?? FileHandle(forWritingAtPath: outputPath)
        process.standardError = FileHandle(forWritingAtPath: errorPath)
        try process.run()
        wait(for: process)
        return Result(
            code: process.terminationStatus, wasSignalled: process.terminationReason == .uncaughtSignal,
            output: try String(contentsOfFile: outputPath, encoding: .utf8),
            errors: try String(contentsOfFile: errorPath, encoding: .utf8))
    }

    /// Waits for the program's end; one that hangs is killed after two minutes, so that its test fails.
    static func wait(for process: Process) {
        let number = process.processIdentifier
        let watchdog = DispatchWorkItem { kill(number, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: watchdog)
        process.waitUntilExit()
        watchdog.cancel()
    }

    /// The program with a bare environment, not yet started.
    static func make(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil, shell: String? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: shell == nil ? try path() : "/bin/sh")
        process.arguments = try shell.map { ["-c", $0, "sh", try path()] + arguments } ?? arguments
        var variables = ["LANG": "C.UTF-8", "HOME": "/nonexistent", "COLUMNS": "80", "SWIFT_BACKTRACE": "enable=no"]
        for name in ["LD_LIBRARY_PATH", "PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"] {
            variables[name] = ProcessInfo.processInfo.environment[name]
        }
        process.environment = variables.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        return process
    }
}

/// A temporary folder with the inputs that commands take.
struct Scratch {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws { folder = try TemporaryFolder() }

    /// Removes it now; without this it goes when the test lets go of it.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, folders included, and gives its path.
    @discardableResult
    func write(_ data: Data, _ name: String) throws -> String {
        let file = "\(path)/\(name)"
        let folder = URL(filePath: file).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: file))
        return file
    }

    /// Writes a picture of coloured noise that the seed decides.
    @discardableResult
    func picture(_ name: String, seed: UInt64, width: Int = 40, height: Int = 32) throws -> String {
        var state = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let base = (0..<3).map { UInt64(seed &* 97 &+ UInt64($0) * 61) % 200 }
        let bytes = (0..<width * height * 3).map { index -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(base[index % 3] + (state >> 33) % 56)
        }
        let image = Image(width: width, height: height, mode: .rgb, bytes: bytes)
        return try write(Data(image.pngFile()), name)
    }

    /// A copy of one of the seeded test models under a name of this folder.
    @discardableResult
    func model(_ name: String, from fixture: String = Fixtures.resnet) throws -> String {
        let target = "\(path)/\(name)"
        let folder = URL(filePath: target).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: fixture, toPath: target)
        return target
    }
}

/// Seeded test models and the project's own.
enum Fixtures {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let models = project.appending(path: "Tests/ImageClassifiersTests/Fixtures")

    /// The seeded test model of a name.
    static func folder(_ name: String) -> String { models.appending(path: name).path }

    /// A ResNet of six classes with 24 x 24 inputs, in the layout of transformers.
    static let resnet = folder("transformers-resnet-basic")
    /// The same of timm's.
    static let timm = folder("timm-resnet-basic")
    /// A Vision Transformer in the layout of transformers.
    static let vit = folder("transformers-vit")
    /// A seeded dual encoder.
    static func dual(_ name: String) -> String {
        project.appending(path: "Tests/DualEncoderTests/Fixtures/\(name)").path
    }

    /// A seeded GAN.
    static func generator(_ name: String) -> String {
        project.appending(path: "Tests/GANTests/Fixtures/\(name)").path
    }

    /// A seeded pipeline that makes pictures of texts.
    static func latentDiffusion(_ name: String) -> String {
        project.appending(path: "Tests/LatentDiffusionTests/Fixtures/\(name)").path
    }

    /// A seeded diffusion model.
    static func diffusion(_ name: String) -> String {
        project.appending(path: "Tests/DiffusionTests/Fixtures/\(name)").path
    }

    /// A seeded sentence encoder.
    static func sentence(_ name: String) -> String {
        project.appending(path: "Tests/SentenceEncoderTests/Fixtures/\(name)").path
    }

    /// The models that the project ships.
    static let shipped = project.appending(path: "zoo").path
}
