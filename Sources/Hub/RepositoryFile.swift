import Checkpoints
import Glibc
import JSON

/// A file of a repository as the hub describes it.
public struct RepositoryFile: Sendable, Equatable {
    /// The path in the repository.
    public var name: String
    /// Bytes; `nil` where the listing does not say.
    public var bytes: Int?
    /// The hash of the contents; `nil` where the listing does not say.
    public var hash: ContentHash?
    /// The git blob that stands for the file in the repository; of a large file that of a pointer to it.
    var blobID: String?

    /// The largest file that is fetched.
    static let largest = 1 << 44

    /// Why a name must not become a path; `nil` where it may.
    static func refusal(of name: String) -> String? {
        guard !name.isEmpty else { return "it is empty" }
        guard name.utf8.count <= 1024 else { return "it is longer than 1024 bytes" }
        guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return "it holds a control character" }
        guard !name.utf8.contains(UInt8(ascii: "\\")) else { return "it holds a backslash" }
        for part in name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty { return "a part of it is empty" }
            if part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) { return "a part of it is '.' or '..'" }
            if part.count > 255 { return "a part of it is longer than 255 bytes" }
        }
        let start = name.utf8.prefix(2)
        if start.count == 2, start.last == UInt8(ascii: ":") { return "it starts with a drive" }
        return nil
    }
}

/// All files of a commit.
struct RepositoryListing: Sendable {
    /// The commit, 40 hexadecimal digits.
    var commit: String
    /// The files in the order of the hub.
    var files: [RepositoryFile]

    static let mostBytes = 64 << 20
    static let mostFiles = 100_000

    /// Reads the hub's answer to `/api/models/NAME/revision/REVISION?blobs=true`.
    ///
    /// - Parameters:
    ///   - bytes: the answer's body.
    ///   - address: what messages call it.
    init(answer bytes: [UInt8], address: String) throws(HubError) {
        func failure(_ error: ConfigError) -> HubError {
            switch error {
            case .syntax(_, let error): .answer(address: address, expected: "JSON", found: error.description)
            case .value(_, let path, let expected, let found):
                .answer(address: address, expected: "\(path): \(expected)", found: found)
            }
        }
        do throws(ConfigError) {
            let limits = JSONLimits(byteCount: Self.mostBytes, depth: 64)
            let config = try Config(file: address, bytes: bytes, limits: limits)
            commit = try config.string("sha")
            guard RepositoryReference.isCommit(commit) else {
                throw config.failure("sha", expected: "a commit of 40 hexadecimal digits")
            }
            guard let siblings = config.object["siblings"]?.arrayValue, siblings.count <= Self.mostFiles else {
                throw config.failure("siblings", expected: "a list of at most \(Self.mostFiles) files")
            }
            files = []
            files.reserveCapacity(siblings.count)
            var names: Set<[UInt8]> = []
            for (index, sibling) in siblings.enumerated() {
                let place = "siblings[\(index)]"
                guard let object = sibling.objectValue else {
                    throw config.failure("siblings", expected: "objects alone")
                }
                let file = try Self.file(Config(file: address, object: object, keyPath: place))
                guard names.insert(Array(file.name.utf8)).inserted else {
                    throw .value(
                        file: address, keyPath: "\(place).rfilename", expected: "each file once",
                        found: file.name.quoted + " again")
                }
                files.append(file)
            }
        } catch { throw failure(error) }
    }

    private static func file(_ config: Config) throws(ConfigError) -> RepositoryFile {
        var file = RepositoryFile(name: try config.string("rfilename"))
        file.bytes = try config.optionalInt("size", in: 0...RepositoryFile.largest)
        if let text = try config.optionalString("blobId") {
            guard case .gitBlob? = ContentHash(text) else {
                throw config.failure("blobId", expected: "40 hexadecimal digits")
            }
            file.blobID = text
            file.hash = .gitBlob(text)
        }
        if let large = try config.optionalObject("lfs") {
            guard let hash = ContentHash(try large.string("sha256")), case .sha256 = hash else {
                throw large.failure("sha256", expected: "64 hexadecimal digits")
            }
            file.hash = hash
            file.bytes = try large.int("size", in: 0...RepositoryFile.largest)
        }
        return file
    }
}

extension RepositoryListing {
    /// Reads what ``stored`` has written, or huggingface_hub.
    ///
    /// - Returns: `nil` where there is no such file, or one that is not understood; it can be asked for again.
    init?(stored path: String, commit: String) {
        let limits = JSONLimits(byteCount: Self.mostBytes, depth: 16)
        guard let bytes = try? FileSystem.read(path, limit: Self.mostBytes),
            let config = try? Config(file: path, bytes: bytes, limits: limits),
            (try? config.int("format_version", in: 1...1)) != nil, let stored = try? config.object("files"),
            stored.object.count <= Self.mostFiles
        else { return nil }
        self.commit = commit
        files = []
        for member in stored.object.members {
            guard let entry = member.value.objectValue,
                let size = entry["lfs_size"]?.intValue ?? entry["size"]?.intValue,
                (0...RepositoryFile.largest).contains(size), let blob = entry["blob_id"]?.stringValue,
                let hash = ContentHash(entry["lfs_sha256"]?.stringValue ?? blob)
            else { return nil }
            files.append(RepositoryFile(name: member.key, bytes: size, hash: hash, blobID: blob))
        }
    }

    /// The listing as huggingface_hub keeps it (`trees/COMMIT.json`, version 1); `nil` where something is not known.
    var stored: JSONValue? {
        var entries = JSONObject()
        for file in files.sorted(by: { $0.name.precedesByBytes($1.name) }) {
            guard let size = file.bytes, let hash = file.hash, let blob = file.blobID,
                RepositoryFile.refusal(of: file.name) == nil
            else { return nil }
            var entry: JSONObject = ["size": JSONValue(size), "blob_id": JSONValue(blob)]
            if case .sha256(let digits) = hash {
                entry["lfs_sha256"] = JSONValue(digits)
                entry["lfs_size"] = JSONValue(size)
            }
            entries.append(key: file.name, value: .object(entry))
        }
        return ["format_version": 1, "files": .object(entries)]
    }
}
