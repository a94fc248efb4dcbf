import Checkpoints
import LatentDiffusion
import TensorCore

/// What tells a model's folder from any other content that it had or may have, without reading all of its weights.
///
/// A SHA-256 over the names and contents of the small files that configure a model or make its tokenizer (`.json`,
/// `.txt`, `.model`, `.gz`), and of each weight file (safetensors or PyTorch's) its name, size, time of change, header,
/// and 64 pieces of 4096 bytes that lie evenly over it. Weights of a few hundred megabytes take seconds to hash in
/// full, which is what a cache is there to save; other weights in the same place have another time, and nearly always
/// other bytes in one of the pieces, even where an archive gave every file the same time.
///
/// The folders in it that belong to a sentence encoder (`1_Pooling`) or to a pipeline of diffusers count, too; the
/// card, `card.json`, does not. Of a model that is one file, the file counts, and its tokenizer's files.
enum ModelIdentity {
    private static let pieces = 64
    private static let pieceBytes = 4096
    /// A configuration or vocabulary file that is larger is told by pieces as the weights are.
    private static let wholeLimit = 16 << 20
    /// The components of the pipelines that are read.
    private static let components: Set = ["unet", "scheduler", "vae", "vqvae", "text_encoder", "tokenizer"]
    private static let extensions = [".json", ".txt", ".model", ".gz"]

    /// The identity of a folder's content in 64 hexadecimal digits, the same for a copy of it: times do not count.
    ///
    /// - Parameters:
    ///   - folder: the model's.
    ///   - weights: which of its weights are meant.
    ///   - type: how their matrices are held, which changes what comes out; fp32 adds nothing.
    ///   - tokenizer: the folder that is named for a model in one file; the one beside it where left out.
    /// - Throws: ``FileError`` where the folder or one of the files cannot be read.
    static func ofContent(
        _ folder: String, _ weights: WeightChoice, as type: WeightType = .float32, tokenizer: String? = nil
    ) throws(FileError) -> String {
        var hash = SHA256()
        try add(folder, weights, to: &hash, withTimes: false, tokenizer: tokenizer)
        if type != .float32 { hash.add("--dtype \(type.rawValue)") }
        return hash.hexadecimal()
    }

    /// Takes a folder's identity into a hash.
    ///
    /// - Parameters:
    ///   - folder: the model's.
    ///   - weights: which of its weights are meant; nothing said adds nothing.
    ///   - hash: what it is taken into.
    ///   - withTimes: whether the times at which weights were changed count.
    ///   - tokenizer: the folder that is named for a model in one file.
    /// - Throws: ``FileError`` where the folder or one of the files cannot be read.
    static func add(
        _ folder: String, _ weights: WeightChoice, to hash: inout SHA256, withTimes: Bool = true,
        tokenizer: String? = nil
    ) throws(FileError) {
        if weights.file != folder {
            try add(folder, to: &hash, withTimes, withModules: true)
        } else if let tokenizer = tokenizer ?? TokenizerPlace.folder(beside: folder) {
            // What else lies beside the file is none of its business.
            let names = try FileSystem.list(tokenizer).names.filter(TokenizerPlace.files.contains)
            for name in names { try add(FileSystem.join(tokenizer, name), called: name, to: &hash, withTimes) }
        }
        if weights.usesEMA { hash.add("--ema") }
        guard let file = weights.file else { return }
        hash.add("--weights")
        try add(weights: file, called: FileSystem.lastComponent(file), to: &hash, withTimes)
    }

    private static func add(
        _ folder: String, to hash: inout SHA256, _ withTimes: Bool, withModules: Bool
    ) throws(FileError) {
        for name in try FileSystem.list(folder).names where name != "card.json" {
            let path = FileSystem.join(folder, name)
            // The modules of a sentence encoder lie in numbered folders.
            let isModule = name.first?.isWholeNumber == true && name.contains("_") || components.contains(name)
            if withModules, isModule, FileSystem.isDirectory(path) {
                hash.add(name)
                try add(path, to: &hash, withTimes, withModules: false)
                continue
            }
            let isConfiguration = extensions.contains(where: name.hasSuffix)
            guard isConfiguration || Checkpoint.isWeightFile(name), FileSystem.isRegularFile(path) else { continue }
            if isConfiguration {
                try add(path, called: name, to: &hash, withTimes)
            } else {
                try add(weights: path, called: name, to: &hash, withTimes)
            }
        }
    }

    /// Takes a configuration file into a hash, all of it unless it is very large.
    private static func add(
        _ path: String, called name: String, to hash: inout SHA256, _ withTimes: Bool
    ) throws(FileError) {
        let file = try RegularFile(path)
        guard file.size <= wholeLimit else { return try add(weights: path, called: name, to: &hash, withTimes) }
        hash.add(name)
        hash.add(file.size)
        hash.update(try file.bytes(at: 0, count: file.size))
    }

    /// Takes a large file into a hash: its name, size, time, header and pieces.
    private static func add(
        weights path: String, called name: String, to hash: inout SHA256, _ withTimes: Bool
    ) throws(FileError) {
        let file = try RegularFile(path)
        hash.add(name)
        hash.add(file.size)
        if withTimes { hash.add(changeTime(path)) }
        if name.hasSuffix(".safetensors") { hash.update(try header(of: file)) }
        for piece in 0..<pieces {
            let count = min(pieceBytes, file.size)
            hash.update(try file.bytes(at: (file.size - count) * piece / (pieces - 1), count: count))
        }
    }

    /// The length field and the JSON behind it; nothing where the length cannot be.
    private static func header(of file: RegularFile) throws(FileError) -> [UInt8] {
        guard file.size >= 8 else { return [] }
        let field = try file.bytes(at: 0, count: 8)
        let length = field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Safetensors.headerLimit), Int(length) <= file.size - 8 else { return field }
        return field + (try file.bytes(at: 8, count: Int(length)))
    }

    /// Nanoseconds of the last change of a file's content.
    static func changeTime(_ path: String) -> Int { FileState(InputPath(path))?.modified ?? 0 }
}

extension SHA256 {
    /// Takes in a number.
    mutating func add(_ number: Int) { update(withUnsafeBytes(of: number.littleEndian) { Array($0) }) }

    /// Takes in a text with its length before it, so that no two lists of texts give the same bytes.
    mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        add(bytes.count)
        update(bytes)
    }

    /// Takes in a list of texts with its length.
    mutating func add(_ texts: [String]) {
        add(texts.count)
        for text in texts { add(text) }
    }
}
