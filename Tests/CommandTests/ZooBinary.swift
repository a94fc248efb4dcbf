import Foundation

/// The built `zoo`, run as a user runs it.
enum ZooBinary {
    /// How a run ended and what it printed.
    struct Result {
        let code: Int32
        let output: String
        let errors: String

        /// The lines of standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// The binary that was built along with the tests: it lies beside the program that runs them.
    static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "zoo").path

    /// The folder of tiny models with reference cases.
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "ImageClassifiersTests/Fixtures").path

    /// A tiny model.
    static func fixture(_ name: String) -> String { "\(fixtures)/\(name)" }

    /// Runs the binary to its end.
    ///
    /// - Parameters:
    ///   - input: what it reads on standard input.
    ///   - environment: variables on top of the tests' own; no model of the user's is seen unless one says so.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], folder: String? = nil
    ) throws -> Result {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "zoo-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        // Files, not pipes: nothing can fill up while the other end waits.
        let files = try ["input", "output", "errors"].map { name in
            let file = scratch.appending(path: name)
            try Data((name == "input" ? input : "").utf8).write(to: file)
            return file
        }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        let own = ["HOME": scratch.path, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"]
        process.environment = ProcessInfo.processInfo.environment.merging(own) { $1 }.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return Result(
            code: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
}
