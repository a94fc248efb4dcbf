public import JSON
public import TensorCore

/// The weights of a model on disk: one safetensors file, or several with an index.
public struct Checkpoint: TensorSource {
    /// What a folder is searched for, first to last; `.index.json` names an index of shards.
    public static let fileNames = [
        "model.safetensors", "model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.safetensors.index.json", "open_clip_model.safetensors",
    ]

    /// The folder or file as it was given, for messages.
    public let location: String
    /// The weight files in order: one, or the shards.
    public let shards: [Safetensors]
    /// Oddities that do not hinder, a sentence each.
    public let notes: [String]

    private let table: NameTable
    /// The shard of each name of `table`.
    private let shardOfName: [Int]

    /// Opens what a folder holds under one of ``fileNames``.
    ///
    /// - Throws: ``CheckpointError``, where there is only pickle with the way to convert it.
    public static func open(folder: String) throws(CheckpointError) -> Checkpoint {
        for name in fileNames {
            let path = FileSystem.join(folder, name)
            if FileSystem.exists(path) { return try open(file: path, location: folder) }
        }
        let names: [String]
        do { names = try FileSystem.list(folder).names } catch { throw .file(error) }
        throw .noWeights(
            folder: folder, pickles: names.filter(isPickle), other: names.filter { $0.hasSuffix(".safetensors") })
    }

    /// Opens one safetensors file, or the shards that an index (`….safetensors.index.json`) names.
    public static func open(file: String) throws(CheckpointError) -> Checkpoint {
        try open(file: file, location: file)
    }

    private static func open(file: String, location: String) throws(CheckpointError) -> Checkpoint {
        if file.hasSuffix(".index.json") { return try Checkpoint(index: file, location: location) }
        if isPickle(file) { throw .pickle(file: file) }
        return try Checkpoint(shards: [Safetensors(file: file)], location: location)
    }

    /// Whether a name is one under which weights are stored as pickle.
    private static func isPickle(_ name: String) -> Bool {
        [".bin", ".pt", ".pth", ".ckpt", ".pkl"].contains { name.hasSuffix($0) }
    }

    /// Joins files whose names are known to be distinct.
    init(shards: [Safetensors], location: String, notes: [String] = []) {
        self.location = location
        self.shards = shards
        self.notes = notes
        guard shards.count > 1 else {
            table = NameTable(sorted: shards.first?.names ?? [])
            shardOfName = [Int](repeating: 0, count: table.names.count)
            return
        }
        var named = shards.enumerated().flatMap { shard, file in file.names.map { (name: $0, shard: shard) } }
        named.sort { $0.name.precedesByBytes($1.name) }
        table = NameTable(sorted: named.map(\.name))
        shardOfName = named.map(\.shard)
    }
}

extension Checkpoint {
    /// The paths of the weight files.
    public var files: [String] { shards.map(\.location) }

    /// The metadata of the first file: strings by name.
    public var metadata: JSONObject { shards.first?.metadata ?? [:] }

    /// Every tensor's name, sorted by its bytes.
    public var names: [String] { table.names }

    /// What the header says of a tensor, whatever its type.
    public func entry(_ name: String) -> Safetensors.Entry? { shard(of: name)?.entry(name) }

    /// A tensor's type and shape; `nil` where there is no such tensor or its type cannot be read (see ``entry(_:)``).
    public func info(_ name: String) -> TensorInfo? { shard(of: name)?.info(name) }

    /// Copies bytes of a tensor's data; see `TensorSource`.
    public func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(TensorReadError)
    {
        guard let shard = shard(of: name) else {
            throw TensorReadError(file: location, tensor: name, reason: "there is no such tensor")
        }
        try shard.read(name, at: offset, into: buffer)
    }

    private func shard(of name: String) -> Safetensors? {
        table.position(of: name).map { shards[shardOfName[$0]] }
    }
}
