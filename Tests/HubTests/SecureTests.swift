import Foundation
import Hub
import HubTestSupport
import TestSupport
import Testing

/// https with a certificate made for the test, served by `openssl s_server`, which sends files as whole answers.
@Suite struct SecureTests {
    private let folder: TemporaryFolder
    private let model = StubHub.Model()

    init() throws {
        folder = try TemporaryFolder()
        try Self.run(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder.path("key.pem"),
                "-out", folder.path("certificate.pem"),
            ])
        var listed = model
        listed.files.removeAll { $0.name == "model.safetensors" }
        listed.large = []
        let listing = StubHub.listing(listed)
        try write(listing, "api/models/org/name/revision/main?blobs=true")
        for (name, bytes) in listed.files {
            let reply = StubHub.Reply(
                200, [("ETag", "\"\(listed.hash(name))\""), ("X-Repo-Commit", listed.commit)], bytes)
            try write(reply, "org/name/resolve/\(listed.commit)/\(name)")
        }
    }

    private func write(_ reply: StubHub.Reply, _ path: String) throws {
        var head = "HTTP/1.1 \(reply.status) OK\r\n"
        for (name, value) in reply.fields + [("Content-Length", "\(reply.body.count)")] {
            head += "\(name): \(value)\r\n"
        }
        try folder.write(Array((head + "\r\n").utf8) + reply.body, as: path)
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    /// Serves the folder while the work is done.
    private func serving(_ work: (_ port: Int) throws -> Void) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "s_server", "-accept", "127.0.0.1:0", "-key", folder.path("key.pem"), "-cert",
            folder.path("certificate.pem"), "-HTTP",
        ]
        process.currentDirectoryURL = URL(filePath: folder.path)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = Pipe()
        try process.run()
        defer {
            // A child may have other signals blocked.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        var said = ""
        while true {
            let piece = output.fileHandleForReading.availableData
            try #require(!piece.isEmpty)
            said += String(decoding: piece, as: UTF8.self)
            if let line = said.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT 127.0.0.1:") }),
                said.contains("\(line)\n"), let port = Int(line.dropFirst("ACCEPT 127.0.0.1:".count))
            {
                return try work(port)
            }
        }
    }

    private func pull(_ port: Int, trusting certificate: String?, host: String = "127.0.0.1") throws -> String {
        var environment = [
            "HF_ENDPOINT": "https://\(host):\(port)", "HF_HUB_CACHE": folder.path("hub"), "HOME": folder.path,
        ]
        environment["SSL_CERT_FILE"] = certificate
        var settings = try HubSettings(environment: environment)
        settings.patience.retries = 0
        let hub = Hub(settings)
        return try hub.pull(try hub.plan("org/name"))
    }

    @Test func trustsWhatItIsToldToTrust() throws {
        try serving { port in
            let folder = try pull(port, trusting: folder.path("certificate.pem"))
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/config.json"))
            #expect(Array(bytes) == model.files.first { $0.name == "config.json" }?.bytes)
        }
    }

    @Test func refusesOthers() throws {
        try serving { port in
            for (certificate, host) in [(nil, "127.0.0.1"), (folder.path("certificate.pem"), "localhost")] {
                #expect { try pull(port, trusting: certificate, host: host) } throws: { error in
                    guard case .insecure? = error as? HubError else { return false }
                    return true
                }
            }
            #expect(throws: HubError.self) { try pull(port, trusting: folder.path("none.pem")) }
        }
    }

    @Test func staysSecure() throws {
        let plain = try StubHub()
        let away = StubHub.Reply(302, [("Location", "\(plain.server.address)/org/name/resolve/x")])
        try write(away, "org/name/resolve/\(model.commit)/config.json")
        try serving { port in
            #expect { try pull(port, trusting: folder.path("certificate.pem")) } throws: { error in
                "\(error)".contains("expected a redirect to https")
            }
        }
        #expect(plain.server.requests.isEmpty)
    }
}
