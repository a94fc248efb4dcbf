import Arguments
import Foundation
import Testing

@testable import ZooCommand

@Suite struct ExitCodeTests {
    /// One line on stderr that begins with the program's name.
    private func isOneLine(_ errors: String) -> Bool {
        errors.hasPrefix("zoo: ") && errors.hasSuffix("\n") && errors.filter { $0 == "\n" }.count == 1
    }

    @Test func theDeclarationIsSound() {
        #expect(ZooCommand.command.validate().isEmpty)
    }

    @Test func versionAndTier() throws {
        let best = try ZooBinary.run(["--version"])
        #expect(best.code == 0 && best.output.hasPrefix("zoo \(ZooCommand.version) ("))
        let capped = try ZooBinary.run(["--version"], environment: ["ZOO_TIER": "portable"])
        #expect(capped.output == "zoo \(ZooCommand.version) (portable)\n" && capped.errors.isEmpty)
    }

    @Test(arguments: [
        (["clasify", "x.png"], "did you mean 'classify'"), (["classify"], "missing argument INPUT"),
        (["classify", "--frobnicate", "x.png"], "unknown option '--frobnicate'"),
        (["classify", "--threads", "0", "x.png"], "1 to 256"), (["classify", "--threads", "257", "x.png"], "1 to 256"),
        (["classify", "--top", "none", "x.png"], "not a whole number"),
        (["classify", "--batch", "0", "x.png"], "1 to 256"),
        (["list", "--json", "--names"], "cannot be used together"), (["show"], "missing argument MODEL"),
        (["completions", "tcsh"], "bash, zsh, fish"),
    ])
    func wrongUsage(_ arguments: [String], _ part: String) throws {
        let outcome = try ZooBinary.run(arguments)
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(isOneLine(outcome.errors) && outcome.errors.contains(part) && outcome.errors.contains("--help"))
    }

    @Test func anUnknownTierNamesTheKnownOnes() throws {
        for arguments in [["--version"], ["list"]] {
            let outcome = try ZooBinary.run(arguments, environment: ["ZOO_TIER": "sse9"])
            #expect(outcome.code == 2 && isOneLine(outcome.errors))
            #expect(outcome.errors.contains("portable, neon, avx2, avx2-vnni, avx512, avx512-vnni, avx512-bf16"))
        }
    }

    @Test func withoutASubcommandTheHelpGoesToStderr() throws {
        let outcome = try ZooBinary.run([])
        #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.contains("Usage: zoo"))
    }

    @Test func everyCommandHasHelpWithExamples() throws {
        let top = try ZooBinary.run(["--help"])
        #expect(top.code == 0 && top.errors.isEmpty)
        for subcommand in ZooCommand.command.subcommands {
            #expect(top.output.contains("\n  \(subcommand.name) "))
            let help = try ZooBinary.run([subcommand.name, "--help"])
            #expect(help.code == 0 && help.output.hasPrefix("\(subcommand.summary).\n\nUsage: zoo \(subcommand.name) "))
            #expect(help.output.contains("\nExamples:\n  "), "\(subcommand.name)")
            #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("  zoo ") })
        }
    }

    @Test func theHelpOfClassify() throws {
        let help = try ZooBinary.run(["classify", "--help"]).output
        let usage = """
            Say what is in pictures.

            Usage: zoo classify [OPTION...] INPUT...

            """
        #expect(help.hasPrefix(usage))
        for line in [
            "  INPUT  A picture (PNG, JPEG, WebP), a folder with everything below it, or -",
            "  -m, --model MODEL       The model: a name, a folder or a file of weights in",
            "  -k, --top K             Classes to show of each picture, 5 if left out (1 to",
            "      --json              Print one JSON object a line",
            "  -q, --quiet             No progress, notes or colour",
            "  zoo classify cat.jpg",
        ] {
            #expect(help.contains("\n\(line)\n"), "\(line)")
        }
    }

    @Test func completionsAreScripts() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for shell in ["bash", "zsh", "fish"] {
            let outcome = try ZooBinary.run(["completions", shell])
            #expect(outcome.code == 0 && outcome.output.contains("classify") && outcome.output.hasSuffix("\n"))
            guard shell == "bash" else { continue }
            let check = Process()
            check.executableURL = URL(filePath: "/bin/bash")
            check.arguments = ["-n", try scratch.write(Data(outcome.output.utf8), "zoo.bash")]
            try check.run()
            check.waitUntilExit()
            #expect(check.terminationStatus == 0)
        }
    }

    @Test(arguments: [
        ["--help"], ["--version"], ["list", "--json"], ["show", Fixtures.resnet], ["completions", "bash"],
    ])
    func aFullDisk(_ arguments: [String]) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.model("resnet")
        let outcome = try ZooBinary.run(
            arguments, environment: ["ZOO_MODELS": scratch.path], output: FileHandle(forWritingAtPath: "/dev/full"))
        #expect(outcome.code == 74 && isOneLine(outcome.errors) && outcome.errors.contains("standard output"))
    }

    @Test(arguments: [["--help"], ["show", Fixtures.resnet, "--json"], ["completions", "zsh"]])
    func aReaderThatHasGone(_ arguments: [String]) throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let outcome = try ZooBinary.run(arguments, output: pipe.fileHandleForWriting)
        #expect(outcome.wasSignalled && outcome.code == SIGPIPE && outcome.errors.isEmpty)
    }

    @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
    func asksToEnd(_ signal: Int32, _ code: Int32) throws {
        let process = try ZooBinary.make(["classify", "--model", Fixtures.resnet, "--json", "-"])
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        let scratch = try Scratch()
        defer { scratch.remove() }
        // After the first answer it is known to wait for the next path.
        try input.fileHandleForWriting.write(contentsOf: Data("\(scratch.picture("a.png", seed: 1))\n".utf8))
        #expect(output.fileHandleForReading.availableData.last == 0x0A)
        kill(process.processIdentifier, signal)
        ZooBinary.wait(for: process)
        #expect(process.terminationReason == .exit && process.terminationStatus == code)
    }

    @Test func everyErrorHasItsCode() {
        #expect(Failure("x", .badData).description == "zoo: x")
        #expect(Failure(OutputError.failed(to: "x", code: ENOSPC)).exitCode == .inputOutput)
        #expect(Failure(InputError(path: InputPath("x"), reason: .system(ENOENT))).exitCode == .inputNotFound)
        #expect(Failure(CancellationError()).exitCode == .internalError)
        #expect(Failure("a:\nb\nc\u{1B}[2J", .badData).description == "zoo: a: b; c\\u{1b}[2J")
    }
}
