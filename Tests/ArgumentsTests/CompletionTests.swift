import Arguments
import Foundation
import Testing

@Suite struct CompletionTests {
    /// What the bash completions offer for the last of `words`, sorted. A folder with files of several kinds is the
    /// working directory, and a `zoo` that knows two models is on the search path.
    private func offered(_ words: [String]) throws -> [String] {
        try withFolder { folder in
            let script = """
                PATH="$PWD:$PATH"
                eval "$(cat completions.bash)"
                cd pictures
                COMP_WORDS=("$@")
                COMP_CWORD=$(($# - 1))
                _zoo
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            let result = try run("bash", ["-c", script, "bash"] + words, in: folder)
            #expect(result.errors == "")
            return result.output.split(separator: "\n").map(String.init).sorted()
        }
    }

    @Test(
        .enabled(if: isInstalled("bash"), "bash is not installed"),
        arguments: [
            (["zoo", ""], ["classify", "completions", "list", "run"]),
            (["zoo", "c"], ["classify", "completions"]),
            (["zoo", "--"], ["--help", "--quiet", "--version"]),
            (["zoo", "classify", "--t"], ["--table", "--threads", "--tier", "--top"]),
            (["zoo", "classify", "--tier", ""], ["avx2", "avx512", "portable"]),
            (["zoo", "classify", "--tier", "=", "avx"], ["avx2", "avx512"]),
            (["zoo", "classify", "--tier", "="], ["avx2", "avx512", "portable"]),
            (["zoo", "classify", "--top", ""], []),
            (["zoo", "classify", "--list", ""], ["a b.txt", "sub"]),
            (["zoo", "classify", "-m", ""], ["resnet", "sub", "vit"]),
            (["zoo", "classify", "--model", "v"], ["vit"]),
            (["zoo", "-q", "classify", "-j", "c"], ["cat.JPG", "cat.png"]),
            (["zoo", "classify", "--", ""], ["cat.JPG", "cat.png", "sub"]),
            (["zoo", "classify", "--", "--t"], []),
            (["zoo", "run", "--output-dir", ""], ["sub"]),
            (["zoo", "completions", ""], ["bash", "fish", "zsh"]),
        ])
    func bashOffers(words: [String], expected: [String]) throws {
        #expect(try offered(words) == expected)
    }

    @Test(arguments: Shell.allCases)
    func shellAcceptsTheScript(shell: Shell) throws {
        guard isInstalled(shell.rawValue) else { try Test.cancel("\(shell) is not installed") }
        try withFolder { folder in
            let result = try run(shell.rawValue, ["-n", "completions.\(shell)"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test(
        .enabled(if: isInstalled("fish"), "fish is not installed"),
        arguments: [
            ("zoo c", ["classify", "completions"]),
            ("zoo classify --tier ", ["avx2", "avx512", "portable"]),
            ("zoo classify --model v", ["vit"]),
            ("zoo classify --ta", ["--table"]),
            ("zoo completions ", ["bash", "fish", "zsh"]),
            ("zoo run --output-dir ", ["sub/"]),
        ])
    func fishOffers(line: String, expected: [String]) throws {
        try withFolder { folder in
            let script = "set -x PATH $PWD $PATH; source completions.fish; cd pictures; complete -C \"$LINE\""
            let result = try run("fish", ["--no-config", "-c", script], in: folder, environment: ["LINE": line])
            let words = result.output.split(separator: "\n").map { String($0.split(separator: "\t")[0]) }
            #expect(words.sorted() == expected, "\(result.errors)")
        }
    }

    @Test(.enabled(if: isInstalled("zsh"), "zsh is not installed"))
    func zshDefinesItsFunctions() throws {
        try withFolder { folder in
            let script = """
                autoload -U compinit && compinit -u -d "$PWD/dump"
                source ./completions.zsh
                print $+functions[_zoo] $+functions[_zoo_classify] $_comps[zoo]
                PATH="$PWD:$PATH"
                compadd() { print $names }
                _files() { print folders }
                _zoo__named list --names
                """
            let result = try run("zsh", ["-f", "-c", script], in: folder)
            #expect(result.output == "1 1 _zoo\nresnet vit\nfolders\n", "\(result.errors)")
            // Without the space _arguments would put options of its own between the words.
            #expect(Sample.zoo.completions(for: .zsh).contains(":MODEL: _zoo__named list --names'"))
        }
    }

    @Test func manualPageIsPlainRoff() {
        let page = Sample.zoo.manualPage(version: "zoo 1.0")
        #expect(page.hasPrefix(".TH ZOO 1 \"\" \"zoo 1.0\" \"User commands\"\n.SH NAME\nzoo \\- Models at work\n"))
        #expect(page.contains(".SH ZOO CLASSIFY\n"))
        #expect(page.contains(".B \\-k, \\-\\-top K\nLabels to show (1 to 1000; default 5).\n"))
        let requests = page.split(separator: "\n").filter { $0.hasPrefix(".") }.map { $0.prefix(3) }
        #expect(Set(requests).isSubset(of: [".TH", ".SH", ".B ", ".TP", ".PP"]))
    }

    /// Runs `body` with a folder that holds the scripts, pictures and a program that lists two models.
    private func withFolder<T>(_ body: (URL) throws -> T) throws -> T {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appending(path: "completions-\(UUID().uuidString)")
        try files.createDirectory(at: folder.appending(path: "pictures/sub"), withIntermediateDirectories: true)
        defer { try? files.removeItem(at: folder) }
        for name in ["cat.png", "cat.JPG", "a b.txt"] {
            try Data().write(to: folder.appending(path: "pictures/\(name)"))
        }
        for shell in Shell.allCases {
            try Data(Sample.zoo.completions(for: shell).utf8).write(to: folder.appending(path: "completions.\(shell)"))
        }
        let program = folder.appending(path: "zoo")
        try Data("#!/bin/sh\n[ \"$*\" = 'list --names' ] && printf 'resnet\\nvit\\n'\n".utf8).write(to: program)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        return try body(folder)
    }
}

private func isInstalled(_ program: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
}

/// Runs a program to its end.
private func run(
    _ program: String, _ arguments: [String], in folder: URL, environment: [String: String] = [:]
) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        .merging(["HOME": folder.path]) { $1 }
    let output = Pipe()
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let outputBytes = try output.fileHandleForReading.readToEnd() ?? Data()
    let errorBytes = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (
        process.terminationStatus, String(decoding: outputBytes, as: UTF8.self),
        String(decoding: errorBytes, as: UTF8.self)
    )
}
