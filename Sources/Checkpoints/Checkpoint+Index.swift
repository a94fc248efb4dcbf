import JSON

extension Checkpoint {
    /// The longest index, in bytes.
    static let indexLimit = 64 << 20

    /// Opens the shards of an index and checks that index and shards agree on where every tensor lies.
    ///
    /// Nothing but `weight_map` decides. `metadata.total_size` is compared with the sizes found and a difference noted,
    /// not refused: published files count shared or converted tensors in several ways.
    init(index path: String, location: String, usesEMA: Bool) throws(CheckpointError) {
        let bytes: [UInt8]
        do { bytes = try FileSystem.read(path, limit: Self.indexLimit) } catch { throw .file(error) }
        let config: Config
        let map: Config
        let total: Double?
        do {
            config = try Config(file: path, bytes: bytes, limits: JSONLimits(byteCount: Self.indexLimit))
            map = try config.object("weight_map")
            // Some writers have it as a float.
            total = try config.optionalObject("metadata")?.optionalDouble("total_size", in: 0...0x1p63)
        } catch {
            throw .index(error)
        }
        let shards = try Self.openShards(of: map, in: ShardFolder(ofIndex: path), usesEMA: usesEMA)
        let found = shards.reduce(0) { $0 &+ $1.byteCount }
        var notes = shards.flatMap(\.notes)
        if let total, total != Double(found) {
            notes.append("\(path): total_size is \(JSONValue(total).serialized()), the shards hold \(found) bytes")
        }
        self.init(shards: shards, location: location, notes: notes)
    }

    /// The files of a weight map in the order of their names.
    private static func openShards(
        of map: Config, in folder: ShardFolder, usesEMA: Bool
    ) throws(CheckpointError) -> [WeightFile] {
        var placed: [(tensor: String, file: String)] = []
        for tensor in map.keys {
            do { placed.append((tensor, try map.string(tensor))) } catch { throw .index(error) }
        }
        placed.sort {
            $0.file.hasSameBytes(as: $1.file)
                ? $0.tensor.precedesByBytes($1.tensor) : $0.file.precedesByBytes($1.file)
        }
        var shards: [WeightFile] = []
        var rest = placed[...]
        while let first = rest.first {
            let tensors = rest.prefix { $0.file.hasSameBytes(as: first.file) }
            rest = rest.dropFirst(tensors.count)
            let path: String
            do { path = try folder.path(of: first.file) } catch {
                throw .index(
                    map.failure(first.tensor, expected: error.expected, found: "\(first.file.quoted)\(error.found)"))
            }
            let shard = try WeightFile(
                opening: path, as: FileSystem.join(folder.path, first.file), usesEMA: usesEMA)
            try compare(tensors.map(\.tensor), with: shard, map)
            shards.append(shard)
        }
        return shards
    }

    /// Checks that a shard holds exactly the tensors that the index places in it, both sorted.
    private static func compare(_ placed: [String], with shard: WeightFile, _ map: Config) throws(CheckpointError) {
        let held = shard.names
        var i = 0
        var j = 0
        while i < placed.count || j < held.count {
            if i < placed.count, j == held.count || placed[i].precedesByBytes(held[j]) {
                throw .index(
                    map.failure(
                        placed[i], expected: "a file that holds this tensor", found: "\(shard.location) without it"))
            }
            if j < held.count, i == placed.count || held[j].precedesByBytes(placed[i]) {
                let place = map.object[held[j]]?.stringValue.map { "\($0.quoted), though" } ?? "no such key, though"
                throw .index(
                    map.failure(
                        held[j], expected: "every tensor of every shard, each in one shard",
                        found: "\(place) \(shard.location) holds it"))
            }
            i += 1
            j += 1
        }
    }
}
