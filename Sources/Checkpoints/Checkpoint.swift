public import JSON
public import TensorCore

/// The weights of a model on disk: one file of safetensors or PyTorch, or several with an index.
public struct Checkpoint: TensorSource {
    /// What a folder is searched for, first to last; `.index.json` names an index of shards. Where both are there,
    /// safetensors goes before PyTorch's own format, as in the reference libraries.
    public static let fileNames = [
        "model.safetensors", "model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.safetensors.index.json", "open_clip_model.safetensors", "pytorch_model.bin",
        "pytorch_model.bin.index.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.bin.index.json",
        "open_clip_pytorch_model.bin",
    ]

    /// The endings of files that `torch.save` wrote.
    static let pytorchEndings = [".bin", ".pt", ".pth", ".pth.tar", ".th", ".ckpt", ".pkl", ".pyth"]

    /// What trainers leave beside a model that is no weights.
    private static let otherFiles = [
        "training_args.bin", "optimizer.bin", "optimizer.pt", "scheduler.bin", "scheduler.pt", "rng_state.pth",
        "scaler.pt",
    ]

    /// The folder or file as it was given, for messages.
    public let location: String
    /// The weight files in order: one, or the shards.
    public let shards: [WeightFile]
    /// Oddities that do not hinder, a sentence each.
    public let notes: [String]

    private let table: NameTable
    /// The shard of each name of `table`.
    private let shardOfName: [Int]

    /// Opens what a folder holds under one of ``fileNames``, or else its only file with an ending of PyTorch's.
    ///
    /// - Parameters:
    ///   - folder: the model's.
    ///   - choice: another file, or the running average of the weights.
    /// - Throws: ``CheckpointError``.
    public static func open(
        folder: String, choice: WeightChoice = WeightChoice()
    ) throws(CheckpointError) -> Checkpoint {
        if let file = choice.file { return try open(file: file, usesEMA: choice.usesEMA) }
        for name in fileNames {
            let path = FileSystem.join(folder, name)
            if FileSystem.exists(path) { return try open(file: path, location: folder, choice.usesEMA) }
        }
        let names: [String]
        do { names = try FileSystem.list(folder).names } catch { throw .file(error) }
        let pytorch = names.filter { isPyTorch($0) && !otherFiles.contains($0) && !$0.hasPrefix("rng_state_") }
        let other = names.filter { $0.hasSuffix(".safetensors") }
        guard pytorch.count == 1, other.isEmpty else { throw .noWeights(folder: folder, other: other + pytorch) }
        return try open(file: FileSystem.join(folder, pytorch[0]), location: folder, choice.usesEMA)
    }

    /// Opens one file of safetensors (by its ending) or PyTorch (any other), or the shards that an index
    /// (`….index.json`) names.
    ///
    /// - Parameters:
    ///   - file: its path.
    ///   - usesEMA: whether the running average of the weights is wanted, which must then be there.
    /// - Throws: ``CheckpointError``.
    public static func open(file: String, usesEMA: Bool = false) throws(CheckpointError) -> Checkpoint {
        try open(file: file, location: file, usesEMA)
    }

    /// Whether a file may hold weights, by its name: an ending of safetensors or PyTorch, or an index.
    public static func isWeightFile(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") || name.hasSuffix(".safetensors.index.json") || isPyTorch(name)
            || pytorchEndings.contains { name.hasSuffix("\($0).index.json") }
    }

    private static func open(
        file: String, location: String, _ usesEMA: Bool
    ) throws(CheckpointError) -> Checkpoint {
        if file.hasSuffix(".index.json") { return try Checkpoint(index: file, location: location, usesEMA: usesEMA) }
        let shard = try WeightFile(opening: file, as: file, usesEMA: usesEMA)
        return Checkpoint(shards: [shard], location: location, notes: shard.notes)
    }

    /// Whether a name is one under which `torch.save` stores weights.
    private static func isPyTorch(_ name: String) -> Bool { pytorchEndings.contains { name.hasSuffix($0) } }

    /// Joins files whose names are known to be distinct.
    init(shards: [WeightFile], location: String, notes: [String] = []) {
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

    /// A tensor's element type, which may be one that cannot be read; `nil` where there is no such tensor.
    public func storedType(_ name: String) -> StoredType? { shard(of: name)?.storedType(name) }

    /// A tensor's type and shape; `nil` where there is no such tensor or its type cannot be read (see
    /// ``storedType(_:)``).
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

    /// Copies bytes of a tensor's data, whatever its type.
    func readStored(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(TensorReadError)
    {
        guard let shard = shard(of: name) else {
            throw TensorReadError(file: location, tensor: name, reason: "there is no such tensor")
        }
        try shard.readStored(name, at: offset, into: buffer)
    }

    /// A tensor's type, dimensions and size, whatever its type; `nil` where there is no such tensor.
    func plan(_ name: String) -> Safetensors.TensorPlan? { shard(of: name)?.plan(name) }

    private func shard(of name: String) -> WeightFile? {
        table.position(of: name).map { shards[shardOfName[$0]] }
    }
}
