import Checkpoints
import Foundation
import Hub
import HubTestSupport
import TestSupport

/// A stub hub, an empty cache, and a client of both that is quick to lose patience.
struct HubFixture {
    let folder: TemporaryFolder
    let stub: StubHub
    var environment: [String: String]

    init(_ stub: StubHub) throws {
        self.stub = stub
        folder = try TemporaryFolder()
        environment = ["HF_ENDPOINT": stub.server.address, "HF_HUB_CACHE": folder.path("hub"), "HOME": folder.path]
    }

    /// A client.
    func hub(isOffline: Bool = false, proceeds: @escaping () -> Bool = { true }) throws -> Hub {
        var settings = try HubSettings(environment: environment, isOffline: isOffline)
        settings.patience.retrySeconds = 0.01
        settings.patience.stallSeconds = 1
        settings.patience.longestWait = 2
        return Hub(settings, proceeds: proceeds)
    }

    /// Plans and pulls.
    @discardableResult
    func pull(_ reference: String = "org/name", _ selection: FileSelection = FileSelection()) throws -> String {
        let hub = try hub()
        return try hub.pull(try hub.plan(reference, selection))
    }

    /// The model's folder in the cache.
    var repository: String { folder.path("hub/models--\(stub.model.name.replacingOccurrences(of: "/", with: "--"))") }

    /// Everything below the model's folder, links with what they lead to, sorted.
    var layout: [String] {
        let names = FileManager.default.enumerator(atPath: repository)?.compactMap { $0 as? String } ?? []
        return names.sorted().compactMap { name in
            let path = "\(repository)/\(name)"
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
                return "\(name) -> \(target)"
            }
            return FileSystem.isDirectory(path) ? nil : name
        }
    }

    /// Files on their way, and notes about them.
    var remains: [String] { layout.filter { $0.contains("incomplete") || $0.contains(".tmp") } }

    /// Whether the wanted files are all there, byte for byte.
    func isWhole(_ names: [String] = ["config.json", "model.safetensors", "1_Pooling/config.json"]) -> Bool {
        names.allSatisfy { name in
            let path = "\(repository)/snapshots/\(stub.model.commit)/\(name)"
            let bytes = try? FileSystem.read(path, limit: 1 << 24)
            return bytes != nil && bytes == stub.model.files.first { $0.name == name }?.bytes
        }
    }

    /// The error of a pull, in words; `nil` where it went well.
    func failure(_ reference: String = "org/name", _ selection: FileSelection = FileSelection()) -> String? {
        do {
            try pull(reference, selection)
            return nil
        } catch { return "\(error)" }
    }
}
