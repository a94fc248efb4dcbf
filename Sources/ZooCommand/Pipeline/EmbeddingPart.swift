import Checkpoints
import JSON

/// What is known of the file of a shard, in `FILE.shard.json` beside it: what it belongs to, and what is in it.
struct EmbeddingPart: Equatable {
    /// What all parts have in common: model, options and inputs.
    let common: JSONObject
    /// Which part it is.
    let shard: EmbeddingShard
    /// Vectors in it.
    let rows: Int
    /// Numbers in each; 0 where there is none.
    let width: Int
    /// The file with the vectors.
    let vectors: HashedFile.Summary
    /// The file that says what the rows of an array are of.
    let ids: HashedFile.Summary?

    private static let format = "zoo-embed-shard-1"
    private static let byteLimit = 1 << 20

    init(
        common: JSONObject, shard: EmbeddingShard, rows: Int, width: Int, vectors: HashedFile.Summary,
        ids: HashedFile.Summary?
    ) {
        (self.common, self.shard, self.rows, self.width) = (common, shard, rows, width)
        (self.vectors, self.ids) = (vectors, ids)
    }

    /// Reads the manifest of a part.
    ///
    /// - Throws: ``Failure`` where it is not there or broken.
    init(_ files: EmbeddingFiles) throws {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(files.shard, limit: Self.byteLimit) } catch {
            guard error.isNotFound else { throw error }
            throw Failure(
                "\(files.path): there is no \(FileSystem.lastComponent(files.shard)) beside it; parts are made by "
                    + "'zoo embed --shard i/n', which leaves it when the part is complete", .inputNotFound)
        }
        do {
            let config = try Config(file: files.shard, bytes: bytes)
            guard try config.string("format") == Self.format else {
                throw config.failure("format", expected: Self.format)
            }
            guard let common = config.value("common")?.objectValue else {
                throw config.failure("common", expected: "an object")
            }
            self.common = common
            let count = try config.int("of", in: 1...EmbeddingShard.countLimit)
            shard = EmbeddingShard(index: try config.int("shard", in: 1...count), count: count)
            rows = try config.int("rows", in: 0...1 << 48)
            width = try config.int("width", in: (rows == 0 ? 0 : 1)...1 << 24)
            vectors = try Self.summary(config, "vectors")
            ids = files.format == .npy ? try Self.summary(config, "ids") : nil
        } catch let error as ConfigError {
            throw Failure(error.description, .badData)
        }
    }

    /// Writes the manifest of a part.
    func write(_ files: EmbeddingFiles) throws {
        var value: JSONObject = [
            "format": JSONValue(Self.format), "shard": JSONValue(shard.index), "of": JSONValue(shard.count),
            "rows": JSONValue(rows), "width": JSONValue(width), "common": .object(common),
            "vectors": Self.value(vectors),
        ]
        if let ids { value["ids"] = Self.value(ids) }
        try FileSystem.write(JSONValue.object(value).serializedBytes(pretty: true) + [0x0A], to: files.shard)
    }

    private static func value(_ summary: HashedFile.Summary) -> JSONValue {
        ["bytes": JSONValue(summary.bytes), "sha256": JSONValue(summary.hash)]
    }

    private static func summary(_ config: Config, _ key: String) throws(ConfigError) -> HashedFile.Summary {
        let object = try config.object(key)
        return HashedFile.Summary(
            bytes: try object.int("bytes", in: 0...1 << 60), hash: try object.string("sha256"))
    }
}
