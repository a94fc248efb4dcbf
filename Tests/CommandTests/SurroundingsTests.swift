import Arguments
import Foundation
import TestSupport
import Testing

@testable import ZooCommand

/// Every subcommand where what is around it fails: disks, pipes, limits, names, signals.
@Suite struct SurroundingsTests {
    /// One line on standard error that begins with the program's name.
    private func isOneLine(_ errors: String) -> Bool {
        errors.hasPrefix("zoo: ") && errors.hasSuffix("\n") && errors.filter { $0 == "\n" }.count == 1
    }

    @Test func everySubcommandHasAJobThatWorks() throws {
        let jobs = try CommandJobs()
        // Pulling needs a hub and something in the cache: PullProcessTests have both, and try them where a disk is
        // full, a folder cannot be written to, or a signal comes.
        let others: Set = ["pull", "cache"]
        #expect(Set(jobs.jobs.map(\.name)) == Set(ZooCommand.all.map { $0.command.name }).subtracting(others))
        for job in jobs.jobs {
            let outcome = try ZooBinary.run(job.arguments)
            #expect(outcome.code == 0, "\(job): \(outcome.errors)")
            if let file = job.file {
                #expect(jobs.written.contains(file), "\(job)")
            } else {
                #expect(!outcome.output.isEmpty, "\(job)")
            }
        }
    }

    @Test func standardOutputOnAFullDisk() throws {
        let jobs = try CommandJobs()
        defer { withExtendedLifetime(jobs) {} }
        for job in jobs.jobs where job.file == nil {
            let outcome = try ZooBinary.run(job.arguments, output: FileHandle(forWritingAtPath: "/dev/full"))
            #expect(outcome.code == 74 && !outcome.wasSignalled, "\(job): \(outcome.code)")
            #expect(
                isOneLine(outcome.errors) && outcome.errors.contains("standard output"), "\(job): \(outcome.errors)")
        }
    }

    @Test func standardOutputWithoutAReader() throws {
        let jobs = try CommandJobs()
        defer { withExtendedLifetime(jobs) {} }
        for job in jobs.jobs where job.file == nil {
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            let outcome = try ZooBinary.run(job.arguments, output: pipe.fileHandleForWriting)
            #expect(outcome.wasSignalled && outcome.code == SIGPIPE && outcome.errors.isEmpty, "\(job): \(outcome)")
        }
    }

    /// Whether this process may mount file systems of its own.
    private static let canMount: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "unshare -rm mount -t tmpfs tmpfs /mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// Runs the jobs that write files, each with a file system of its own where outputs go, and lists what is left.
    private func withOutputs(on mount: String, _ check: (CommandJobs.Job, ZooBinary.Result, [String]) throws -> Void)
        throws
    {
        let place = try Scratch()
        let jobs = try CommandJobs(outputs: "\(place.path)/disk")
        try FileManager.default.createDirectory(atPath: jobs.outputs, withIntermediateDirectories: true)
        for job in jobs.jobs where job.file != nil || job.name == "run" {
            let list = "\(place.path)/list"
            let script = """
                \(mount) '\(jobs.outputs)' || exit 99
                "$@"
                code=$?
                ls -A '\(jobs.outputs)' > '\(list)'
                exit $code
                """
            let outcome = try ZooBinary.run(
                job.arguments, shell: "exec unshare -rm sh -c '\(script.replacing("'", with: "'\\''"))' sh \"$@\"")
            let left = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(String.init)
            try check(job, outcome, left)
        }
    }

    @Test(.enabled(if: canMount, "file systems cannot be mounted here"))
    func filesOnAFullDisk() throws {
        // Sixteen files at most, of which the mount takes one, and no block for any.
        try withOutputs(on: "mount -t tmpfs -o size=4k,nr_inodes=16 tmpfs") { job, outcome, left in
            guard outcome.code != 0 else {
                // What fits into a page is written.
                #expect(
                    ["t.srt", "i.index", "e.npy", "m.npy", "n.arpa", "run"].contains(job.file ?? job.name), "\(job)")
                return
            }
            #expect(outcome.code == 74 && !outcome.wasSignalled, "\(job): \(outcome.code) \(outcome.errors)")
            #expect(outcome.errors.contains("No space left on device"), "\(job): \(outcome.errors)")
            #expect(!left.contains { $0 == job.file || $0.hasSuffix(".incomplete") }, "\(job): \(left)")
        }
    }

    @Test(.enabled(if: canMount, "file systems cannot be mounted here"))
    func filesOnAReadOnlyDisk() throws {
        try withOutputs(on: "mount -t tmpfs -o ro tmpfs") { job, outcome, left in
            #expect(outcome.code == 74 && outcome.errors.hasPrefix("zoo: "), "\(job): \(outcome.code)")
            #expect(outcome.errors.contains("Read-only file system"), "\(job): \(outcome.errors)")
            #expect(left.isEmpty, "\(job): \(left)")
        }
    }

    // A sanitizer's runtime writes files of its own and dies of the limit.
    @Test(.enabled(if: !isSanitized, "a sanitizer cannot live under this limit"))
    func filesBeyondTheLargestSize() throws {
        let jobs = try CommandJobs()
        for job in jobs.jobs where job.file != nil || job.name == "run" {
            let before = jobs.written.filter { !$0.hasSuffix(".partial") }
            // Not a block of any file may be written; what the test collects goes to pipes. What embed leaves to go on
            // with is not under the output's name.
            let pipe = Pipe()
            let outcome = try ZooBinary.run(
                job.arguments, output: pipe.fileHandleForWriting, shell: "ulimit -f 0; exec \"$@\" 2> /dev/null")
            #expect(outcome.code == 74 && !outcome.wasSignalled, "\(job): \(outcome.code)")
            #expect(jobs.written.filter { !$0.hasSuffix(".partial") } == before, "\(job): \(jobs.written)")
        }
    }

    @Test func withoutHomeAndTemporaryFolder() throws {
        let jobs = try CommandJobs()
        for job in jobs.jobs {
            let outcome = try ZooBinary.run(
                job.arguments, environment: ["TMPDIR": "/nonexistent"], shell: "unset HOME; exec \"$@\"")
            #expect(outcome.code == 0, "\(job): \(outcome.code) \(outcome.errors)")
        }
    }

    @Test func fewOpenFiles() throws {
        let scratch = try Scratch()
        for number in 0..<300 {
            try scratch.picture("set/\(number).png", seed: UInt64(number % 7), width: 8, height: 8)
        }
        let set = "\(scratch.path)/set"
        let limit = "ulimit -n 24; exec \"$@\""
        let all = try ZooBinary.run(["classify", "-m", Fixtures.resnet, "--json", set], shell: limit)
        #expect(all.code == 0 && all.lines.count == 300, "\(all.errors)")
        let embedded = try ZooBinary.run(["embed", "-m", Fixtures.resnet, set], shell: limit)
        #expect(embedded.code == 0 && embedded.lines.count == 300, "\(embedded.errors)")
        let names = (0..<300).map { "\(set)/\($0).png" }
        let named = try ZooBinary.run(["classify", "-m", Fixtures.resnet, "--json"] + names, shell: limit)
        #expect(named.code == 0 && named.lines.count == 300, "\(named.errors)")
        let tones = try scratch.tones()
        for number in 0..<60 { try scratch.sound("sounds/\(number).wav", saying: "ab") }
        let heard = try ZooBinary.run(
            ["transcribe", "-m", tones, "\(scratch.path)/sounds", "-o", "\(scratch.path)/texts"], shell: limit)
        #expect(heard.code == 0, "\(heard.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/texts").count == 60)
    }

    @Test(arguments: [0, 3, 6, 8])
    func hardlyAnyOpenFiles(limit: Int) throws {
        let jobs = try CommandJobs()
        defer { withExtendedLifetime(jobs) {} }
        for job in jobs.jobs {
            let outcome = try ZooBinary.run(job.arguments, shell: "ulimit -n \(limit); exec \"$@\"")
            // The loader needs a few files itself; from then on failures are the program's own.
            let isLoaders = outcome.code == 127 || outcome.code == 126 || outcome.code == 2 && limit == 0
            #expect(
                !outcome.wasSignalled && (outcome.code < 128 || isLoaders), "\(job): \(outcome.code) \(outcome.errors)")
        }
    }

    /// Runs a command on a file whose name is no UTF-8, in the place of NAME.
    private func withRawName(_ arguments: [String], from file: String) throws -> ZooBinary.Result {
        let script = """
            name="$(printf '%s/\\377\\376.%s' '\(URL(filePath: file).deletingLastPathComponent().path)' \
            '\(URL(filePath: file).pathExtension)')"
            cp '\(file)' "$name"
            for word do
              shift
              [ "$word" = NAME ] && word="$name"
              set -- "$@" "$word"
            done
            exec "$@"
            """
        return try ZooBinary.run(arguments, shell: script)
    }

    @Test func namesThatAreNoUTF8() throws {
        let scratch = try Scratch()
        let picture = try scratch.picture("a.png", seed: 1)
        let sound = try scratch.sound("a.wav", saying: "ab")
        let text = try scratch.write(Data("a bad cab\n".utf8), "a.txt")
        let (resnet, tones, out) = (Fixtures.resnet, try scratch.tones(), "\(scratch.path)/o.npy")
        for (arguments, file) in [
            (["classify", "-m", resnet, "--json", "NAME"], picture), (["embed", "-m", resnet, "NAME"], picture),
            (["preprocess", resnet, "NAME", "-o", out], picture), (["transcribe", "-m", tones, "NAME"], sound),
            (["embed", "-m", tones, "NAME"], sound),
            (["embed", "-m", Fixtures.dual("transformers-clip"), "--text-from", "NAME"], text),
            (["tokenize", Fixtures.sentence("minilm"), "--text-from", "NAME"], text),
            (["ngram", "NAME", "-o", "\(scratch.path)/n.arpa"], text),
        ] {
            let outcome = try withRawName(arguments, from: file)
            #expect(outcome.code == 0, "\(arguments): \(outcome.code) \(outcome.errors)")
            #expect(!outcome.errors.contains("cannot") && !outcome.errors.contains("No such"))
        }
        // A folder that is a model has a name in UTF-8; another is not found, and said so.
        let outcome = try withRawName(["show", "NAME"], from: picture)
        #expect(outcome.code == 69 && isOneLine(outcome.errors))
    }

    @Test(arguments: [255, 256, 4095, 4096, 5000, 100_000])
    func longNames(length: Int) throws {
        let scratch = try Scratch()
        let long = String(repeating: "a", count: length)
        let deep = "\(scratch.path)/" + String(repeating: "b/", count: length / 2)
        let out = "\(scratch.path)/o"
        for name in [long + ".png", deep + "x.png"] {
            for (arguments, code) in [
                (["classify", "-m", Fixtures.resnet, name], Int32(66)), (["embed", "-m", Fixtures.resnet, name], 66),
                (["preprocess", Fixtures.resnet, name, "-o", out], 66), (["show", name], 69), (["verify", name], 69),
                (["bench", name], 69), (["eval", Fixtures.resnet, name], 66),
                (["run", Fixtures.resnet, "-i", "pixel_values=\(name)", "-d", out], 66),
                (["tokenize", Fixtures.sentence("minilm"), "--text-from", name], 66), (["index", name, "-o", out], 66),
                (["ngram", name, "-o", out], 66), (["search", "--index", name, "words"], 66),
                (["transcribe", "-m", Fixtures.resnet, name], 2),
            ] {
                let outcome = try ZooBinary.run(arguments)
                // A name that is too long is not found, or refused as the system refuses it.
                #expect(
                    (outcome.code == code || outcome.code == 74) && !outcome.wasSignalled,
                    "\(arguments[0]) \(length): \(outcome.code) \(outcome.errors.prefix(200))")
                // Each input of embed has a line of its own on standard output.
                #expect(isOneLine(outcome.errors) || arguments[0] == "embed", "\(arguments[0]) \(length)")
            }
        }
    }

    /// Sends a signal to a command that has begun and goes on for long.
    private func end(_ arguments: [String], _ signal: Int32, input: Pipe? = nil) throws -> (code: Int32, exits: Bool) {
        let process = try ZooBinary.make(arguments)
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Once the handler is there the kernel lists the signal among the caught ones.
        let mask = UInt64(1) << UInt64(signal - 1)
        for _ in 0..<4000 {
            let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let caught = status?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }?.split(separator: "\t").last
            if let caught, let bits = UInt64(caught, radix: 16), bits & mask != 0 { break }
            usleep(500)
        }
        kill(process.processIdentifier, signal)
        ZooBinary.wait(for: process)
        return (process.terminationStatus, process.terminationReason == .exit)
    }

    @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
    func signals(_ signal: Int32, _ code: Int32) throws {
        let scratch = try Scratch()
        for number in 0..<400 {
            try scratch.picture("set/LABEL_\(number % 6)/\(number).png", seed: UInt64(number), width: 200, height: 160)
        }
        let (set, resnet) = ("\(scratch.path)/set", Fixtures.resnet)
        let out = "\(scratch.path)/out"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let tones = try scratch.tones()
        try scratch.sound("long.wav", ToneModel.silence(frames: 60_000))
        let sound = "\(scratch.path)/long.wav"
        for arguments in [
            ["classify", "-m", resnet, set], ["eval", resnet, set], ["embed", "-m", resnet, set],
            ["embed", "-m", resnet, set, "-o", "\(out)/e.npy"],
            ["index", set, "-m", Fixtures.dual("transformers-clip"), "-o", "\(out)/i.index"],
            ["bench", resnet, "--seconds", "60"], ["transcribe", "-m", tones, sound],
            ["transcribe", "-m", tones, sound, "-o", "\(out)/t.txt"],
        ] {
            let outcome = try end(arguments, signal)
            #expect(outcome == (code, true), "\(arguments.prefix(1)): \(outcome)")
        }
        // Nothing that is not whole has its name.
        let left = try FileManager.default.contentsOfDirectory(atPath: out)
        #expect(!left.contains { $0.hasSuffix(".incomplete") || $0 == "i.index" || $0 == "e.npy" }, "\(left)")
        // Those that wait for input.
        for arguments in [
            ["classify", "-m", resnet, "-"], ["embed", "-m", resnet, "-"], ["transcribe", "-m", tones, "-"],
        ] {
            let outcome = try end(arguments, signal, input: Pipe())
            #expect(outcome == (code, true), "\(arguments): \(outcome)")
        }
    }
}
