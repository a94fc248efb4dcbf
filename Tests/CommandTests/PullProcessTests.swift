import Foundation
import HubTestSupport
import Testing

/// Pulls that are killed, that run at once, and that have no room.
@Suite(.serialized) struct PullProcessTests {
    /// A hub whose large file takes its time.
    private static func slowHub(padding: Int, delay: Double) throws -> StubHub {
        try StubHub(try HubRuns.model(padding: padding)) { place, request, before, reply in
            var reply = reply
            if place == .contents("padding.safetensors") {
                reply.delay = delay
                reply.piece = 32768
            }
            return reply
        }
    }

    @Test func killedAtTwentyPoints() throws {
        let runs = try HubRuns(Self.slowHub(padding: 3_000_000, delay: 0.001))
        defer { runs.scratch.remove() }
        for round in 0..<20 {
            let process = try runs.start("pull", "--include", "*.safetensors", "org/name")
            // Every fourth at any time, the others once the large file is under way.
            if round % 4 == 0 {
                usleep(useconds_t(10_000 + round * 7_000))
            } else {
                let before = runs.stub.store.requests.count
                while runs.stub.store.requests.count == before, process.isRunning { usleep(1000) }
                usleep(useconds_t(round * 2_000))
            }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            // At no time is there a part of a file to be seen.
            for name in ["padding.safetensors", "model.safetensors"] {
                #expect(runs.bytes(name) == nil || runs.has(name))
            }
            // What is left is taken up, and so files do not pile up.
            #expect(runs.remains.count <= 6)
        }
        #expect(try runs.run("pull", "--include", "*.safetensors", "org/name").code == 0)
        #expect(runs.has("padding.safetensors") && runs.has("model.safetensors"))
        #expect(runs.stub.store.requests.contains { $0.start != nil })
        #expect(try runs.run("cache", "remove", "--incomplete").code == 0)
        #expect(runs.remains.isEmpty)
        #expect(try runs.run("cache", "verify").code == 0)
    }

    @Test(arguments: [2, 8])
    func atOnce(processes: Int) throws {
        let runs = try HubRuns(Self.slowHub(padding: 1_000_000, delay: 0.001))
        defer { runs.scratch.remove() }
        let started = try (0..<processes).map { _ in
            try runs.start("pull", "--include", "*.safetensors", "--include", "*.json", "org/name")
        }
        for process in started { ZooBinary.wait(for: process) }
        #expect(started.allSatisfy { $0.terminationStatus == 0 })
        #expect(runs.has("padding.safetensors") && runs.has("config.json") && runs.remains.isEmpty)
        // The lock saves fetching it more than once.
        #expect(runs.stub.store.requests.filter { $0.path.contains("padding") }.count == 1)
    }

    @Test func interrupted() throws {
        let runs = try HubRuns(Self.slowHub(padding: 3_000_000, delay: 0.02))
        defer { runs.scratch.remove() }
        let process = try runs.start("pull", "--include", "*.safetensors", "org/name")
        while runs.stub.store.requests.isEmpty { usleep(5000) }
        usleep(100_000)
        kill(process.processIdentifier, SIGTERM)
        ZooBinary.wait(for: process)
        #expect(process.terminationStatus == 143)
        #expect(!FileManager.default.fileExists(atPath: "\(runs.repository)/refs/main"))
    }

    /// Runs a shell with `zoo` as `$0` and the hub's environment.
    private func shell(_ script: String, _ runs: HubRuns) throws -> (code: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script, try ZooBinary.path()]
        process.environment = runs.environment.merging([
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin", "CACHE": "\(runs.scratch.path)/hub",
            "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
        ]) { $1 }
        let errors = try runs.scratch.write(Data(), "errors")
        process.standardError = FileHandle(forWritingAtPath: errors)
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        ZooBinary.wait(for: process)
        return (process.terminationStatus, try String(contentsOfFile: errors, encoding: .utf8))
    }

    @Test func noRoom() throws {
        let runs = try HubRuns(Self.slowHub(padding: 3_000_000, delay: 0))
        defer { runs.scratch.remove() }
        let pull = "exec \"$0\" pull --include '*.safetensors' org/name"
        // A file may not grow beyond a megabyte: writing fails on the way.
        let limited = try shell("trap '' XFSZ; ulimit -f 2048; \(pull)", runs)
        #expect(limited.code == 74 && limited.errors.contains("cannot write"), "\(limited.errors)")
        #expect(runs.bytes("padding.safetensors") == nil)
        // A disk of a megabyte: nothing is begun. Not every system lets a test make one.
        try FileManager.default.createDirectory(atPath: "\(runs.scratch.path)/hub", withIntermediateDirectories: true)
        if try shell("unshare -rm true", runs).code == 0 {
            let asked = runs.stub.store.requests.count
            let mount = "mount -t tmpfs -o size=1m none \"$CACHE\""
            let full = try shell(
                "exec unshare -rm sh -c '\(mount) && exec \"$0\" pull --include \"*.safetensors\" org/name' \"$0\"",
                runs)
            #expect(full.code == 74 && full.errors.contains("are needed"), "\(full.errors)")
            #expect(runs.stub.store.requests.count == asked)
        }
        // With room again, what was there is taken up.
        #expect(try runs.run("pull", "--include", "*.safetensors", "org/name").code == 0)
        #expect(runs.has("padding.safetensors"))
        #expect(runs.stub.store.requests.last { $0.path.contains("padding") }?.start != nil)
    }

    @Test func cacheThatCannotBeWrittenTo() throws {
        let runs = try HubRuns(StubHub(try HubRuns.model()))
        defer { runs.scratch.remove() }
        #expect(try runs.run("pull", "org/name").code == 0)
        guard try shell("unshare -rm true", runs).code == 0 else { return }
        let mount = "mount --bind \"$CACHE\" \"$CACHE\" && mount -o remount,ro,bind \"$CACHE\""
        let hit = try shell("exec unshare -rm sh -c '\(mount) && exec \"$0\" pull org/name' \"$0\"", runs)
        #expect(hit.code == 0, "\(hit.errors)")
    }
}
