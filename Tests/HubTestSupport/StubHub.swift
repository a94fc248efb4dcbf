import Checkpoints
import Foundation
import Synchronization

/// A hub with one model, as the real one answers: listing, small files at once, large ones by a redirect to another
/// server. A test changes what it wants changed.
public final class StubHub: Sendable {
    /// What was asked.
    public typealias Request = StubServer.Request
    /// What is answered.
    public typealias Reply = StubServer.Reply

    /// Which answer a change is about.
    public enum Place: Sendable, Equatable {
        case listing
        /// A file at the hub: the contents of a small one, the redirect of a large one.
        case file(String)
        /// The contents of a large file.
        case contents(String)
    }

    /// The model.
    public struct Model: Sendable {
        /// `org/name`.
        public var name = "org/name"
        /// The commit.
        public var commit = "0123456789abcdef0123456789abcdef01234567"
        /// The branch that stands for the commit.
        public var branch = "main"
        /// The contents by name.
        public var files: [(name: String, bytes: [UInt8])] = []
        /// The names of files that are stored as large ones.
        public var large: Set<String> = []
        /// Whether the listing states sizes and hashes.
        public var listsHashes = true

        /// A model of four small files and a larger one.
        public init() {
            files = [
                ("README.md", Array("# A model\n".utf8)), ("config.json", Array("{\"model_type\": \"none\"}\n".utf8)),
                ("model.safetensors", StubHub.noise(100_003, seed: 1)), ("1_Pooling/config.json", Array("{}".utf8)),
            ]
            large = ["model.safetensors"]
        }

        /// The hash that names a file's contents.
        public func hash(_ name: String) -> String {
            let bytes = files.first { $0.name == name }?.bytes ?? []
            return large.contains(name) ? SHA256.hexadecimal(of: bytes) : Self.gitBlob(bytes)
        }

        static func gitBlob(_ bytes: [UInt8]) -> String {
            var hash = SHA1()
            hash.update(Array("blob \(bytes.count)\0".utf8) + bytes)
            return hash.hexadecimal()
        }
    }

    /// Bytes that a seed decides.
    public static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
    }

    /// What it holds.
    public let model: Model
    /// The hub.
    public let server: StubServer
    /// Where it sends those who want large files.
    public let store: StubServer

    /// Starts both servers.
    ///
    /// - Parameter change: may change an answer, or take it away (`nil`: the connection is closed). It is given how
    ///   often the place was asked before.
    public init(
        _ model: Model = Model(),
        change: @escaping @Sendable (Place, Request, Int, Reply) -> Reply? = { $3 }
    ) throws {
        self.model = model
        let counts = Mutex<[String: Int]>([:])
        @Sendable func changed(_ place: Place, _ request: Request, _ reply: Reply) -> Reply? {
            let before = counts.withLock { counts in
                let key = "\(place)"
                counts[key, default: 0] += 1
                return (counts[key] ?? 1) - 1
            }
            return change(place, request, before, reply)
        }
        let store = try StubServer { request in
            let name = String(request.path.dropFirst("/store/".count).prefix { $0 != "?" })
            guard let file = model.files.first(where: { $0.name == name }) else { return Reply(404) }
            return changed(.contents(name), request, Self.contents(file.bytes, request))
        }
        self.store = store
        let away = store.address
        server = try StubServer { request in
            let path = request.path.prefix { $0 != "?" }
            for revision in [model.branch, model.commit]
            where path == "/api/models/\(model.name)/revision/\(revision)" {
                return changed(.listing, request, Self.listing(model))
            }
            let start = "/\(model.name)/resolve/\(model.commit)/"
            guard path.hasPrefix(start) else { return Reply(404, [("X-Error-Code", "RepoNotFound")]) }
            let name = String(path.dropFirst(start.count)).removingPercentEncoding ?? ""
            guard let file = model.files.first(where: { $0.name == name }) else {
                return Reply(404, [("X-Error-Code", "EntryNotFound")])
            }
            let hash = model.hash(name)
            var reply: Reply
            if model.large.contains(name) {
                reply = Reply(302, [("X-Linked-ETag", "\"\(hash)\""), ("X-Linked-Size", "\(file.bytes.count)")])
                reply["Location"] = "\(away)/store/\(name)?signature=1"
            } else {
                reply = Self.contents(file.bytes, request)
                reply["ETag"] = "\"\(hash)\""
            }
            reply["X-Repo-Commit"] = model.commit
            return changed(.file(name), request, reply)
        }
    }

    /// Bytes, or the part that is asked for.
    private static func contents(_ bytes: [UInt8], _ request: Request) -> Reply {
        guard let start = request.start else { return Reply(200, [], bytes) }
        guard start < bytes.count else { return Reply(416, [("Content-Range", "bytes */\(bytes.count)")]) }
        return Reply(
            206, [("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)")], Array(bytes[start...]))
    }

    /// The hub's answer to a question for a revision.
    public static func listing(_ model: Model) -> Reply {
        let siblings = model.files.map { file -> [String: Any] in
            guard model.listsHashes else { return ["rfilename": file.name] }
            var entry: [String: Any] = ["rfilename": file.name, "size": file.bytes.count]
            if model.large.contains(file.name) {
                entry["lfs"] = ["sha256": model.hash(file.name), "size": file.bytes.count, "pointerSize": 134]
                entry["blobId"] = Model.gitBlob(Array("pointer to \(model.hash(file.name))".utf8))
            } else {
                entry["blobId"] = model.hash(file.name)
            }
            return entry
        }
        let object: [String: Any] = ["id": model.name, "sha": model.commit, "siblings": siblings]
        let data = (try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])) ?? Data()
        return Reply(200, [("Content-Type", "application/json")], Array(data))
    }
}
