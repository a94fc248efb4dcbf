public import Checkpoints
import Files
public import JSON
import TensorCore

/// A model's folder could not be written in eight bits.
public enum QuantizationError: Error, Sendable, CustomStringConvertible {
    /// The model cannot be loaded.
    case model(ModelError)
    /// A file could not be read or written.
    case checkpoint(CheckpointError)
    /// A configuration that is not JSON.
    case config(ConfigError)
    /// None of the model's tensors becomes a matrix that could be held in eight bits.
    case nothingToDo(folder: String)
    /// Its weights are in eight bits already.
    case isQuantized(folder: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .model(let error): error.description
        case .checkpoint(let error): error.description
        case .config(let error): error.description
        case .nothingToDo(let folder): "\(folder): none of its weights is a matrix that eight bits could hold"
        case .isQuantized(let folder): "\(folder): its weights are in eight bits already"
        }
    }
}

/// Writes a model's folder anew with its matrices in eight bits: what `--dtype int8` makes of them at every start, a
/// quarter of the size of fp32.
///
/// The weights of each of the model's parts become one safetensors file, and the configuration beside them says how
/// they are stored, in the words of compressed-tensors (`int-quantized`: integers with a scale for each output;
/// activations quantised token by token as they come). That format knows linear layers: where they hold most of a
/// part's matrices, convolutions stay as they are, and transformers loads the folder, too. Everything else is copied,
/// but for `card.json`, whose figures and hashes are those of the original.
public struct FolderQuantizer: Sendable {
    /// What was done.
    public struct Summary: Sendable, Equatable {
        /// Files of weights that were written.
        public var files: [String] = []
        /// Tensors that are in eight bits now.
        public var matrixCount = 0
        /// Bytes of the weights before.
        public var bytesBefore = 0
        /// Bytes of the weights now.
        public var bytesAfter = 0
        /// Files that were left out.
        public var leftOut: [String] = []
    }

    /// The largest file beside the weights that is copied.
    private static let largestFile = 1 << 30
    /// Folders within folders that are copied: deeper than any model's parts lie.
    private static let deepest = 3
    private static let configurationNames = ["config.json", "open_clip_config.json"]
    /// The key of a configuration that says how weights are stored.
    static let key = "quantization_config"

    private let folder: String
    private let weights: WeightChoice
    /// The tensors that change, by the folder they lie in.
    private let matrices: [String: Set<String>]

    /// Looks at a model, without reading its weights.
    ///
    /// - Parameters:
    ///   - folder: the model's.
    ///   - weights: which of its weights are meant.
    /// - Throws: ``QuantizationError``.
    public init(folder: String, weights: WeightChoice = WeightChoice()) throws(QuantizationError) {
        guard !Self.isQuantized(folder) else { throw .isQuantized(folder: folder) }
        self.folder = folder
        self.weights = weights
        let log = WeightLog()
        // What is written does not depend on the machine: on a tier that multiplies brain floats some kernels are held
        // in those beside weights in eight bits.
        let runtime = Runtime(threads: 1, tier: .portable, weights: .int8, log: log)
        do throws(ModelError) {
            _ = try AnyModel(folder: folder, runtime: runtime, weights: weights, plansOnly: true)
        } catch { throw .model(error) }
        var matrices: [String: Set<String>] = [:]
        for key in log.matricesInEightBits {
            matrices[FileSystem.folder(of: key.file), default: []].insert(key.tensor)
        }
        guard !matrices.isEmpty else { throw .nothingToDo(folder: folder) }
        self.matrices = matrices
    }

    /// Whether a folder's weights are stored in eight bits and its inputs quantised as they come, as its configuration
    /// or that of its network says: compressed-tensors' `int-quantized`, not another way of storing weights.
    public static func isQuantized(_ folder: String) -> Bool {
        let places = configurationNames + ["unet/config.json"]
        return places.contains { place in
            let path = FileSystem.join(folder, place)
            guard let bytes = try? FileSystem.read(path, limit: Config.byteLimit),
                let config = try? Config(file: path, bytes: bytes)
            else { return false }
            let stored = config.object[key]
            let groups = stored?["config_groups"]?.objectValue?.members ?? []
            return stored?["format"]?.stringValue == "int-quantized"
                && groups.contains { $0.value["input_activations"]?["num_bits"]?.intValue == 8 }
        }
    }

    /// Writes the folder, which takes its name when it is whole.
    ///
    /// - Parameters:
    ///   - target: a path where nothing is yet.
    ///   - advance: told now and then how many bytes of how many were read; ends the work where it answers false.
    /// - Returns: what was done; `nil` where `advance` ended it.
    /// - Throws: ``QuantizationError``.
    public func write(
        to target: String, advance: (_ done: Int, _ of: Int) -> Bool = { _, _ in true }
    ) throws(QuantizationError) -> Summary? {
        let place = "\(target).\(String(UInt64.random(in: .min ... .max), radix: 36)).incomplete"
        do throws(QuantizationError) {
            let summary = try write(into: place, as: target, advance)
            do throws(FileError) {
                if summary != nil { try FileSystem.move(place, to: target) } else { try FileSystem.remove(place) }
            } catch { throw .checkpoint(.file(error)) }
            return summary
        } catch {
            _ = try? FileSystem.remove(place)
            throw error
        }
    }

    /// Writes the folder under another name; the summary has the names that its files will have.
    private func write(
        into working: String, as target: String, _ advance: (_ done: Int, _ of: Int) -> Bool
    ) throws(QuantizationError) -> Summary? {
        do {
            var parts: [(folder: String, checkpoint: Checkpoint)] = []
            for place in matrices.keys.sorted() {
                let choice = isSame(place, folder) ? weights : WeightChoice()
                parts.append((place, try Checkpoint.open(folder: place, choice: choice)))
            }
            var chosen: [String: Set<String>] = [:]
            var ignored: [String: [String]] = [:]
            var files: [String: Set<String>] = [:]
            var total = 0
            for part in parts {
                files[part.folder] = Set(part.checkpoint.files.map(FileSystem.lastComponent))
                let names = Self.chosen(matrices[part.folder] ?? [], in: part.checkpoint)
                chosen[part.folder] = names
                ignored[part.folder] = Self.otherLayers(than: names, in: part.checkpoint)
                for name in part.checkpoint.names {
                    // Scales and integers are made in a pass of their own each.
                    let bytes = part.checkpoint.info(name)?.byteCount ?? 0
                    total += names.contains(name) ? 2 * bytes : bytes
                }
            }
            var summary = Summary()
            var done = 0
            for part in parts {
                let place = FileSystem.join(working, relative(part.folder))
                try FileSystem.makeFolder(place)
                let name = Self.fileName(of: part.checkpoint)
                let file = FileSystem.join(place, name)
                let written = try Safetensors.write(
                    part.checkpoint, inEightBits: chosen[part.folder] ?? [], to: file
                ) { bytes in
                    done += bytes
                    return advance(done, total)
                }
                guard let written else { return nil }
                summary.files.append(FileSystem.join(FileSystem.join(target, relative(part.folder)), name))
                summary.matrixCount += written.matrixCount
                summary.bytesBefore += written.bytesBefore
                summary.bytesAfter += written.byteCount
            }
            try copy(folder, to: working, root: working, depth: 0, ignored, files, into: &summary)
            return summary
        } catch let error as CheckpointError {
            throw .checkpoint(error)
        } catch let error as ConfigError {
            throw .config(error)
        } catch let error as FileError {
            throw .checkpoint(.file(error))
        } catch {
            throw .checkpoint(.tensor(file: folder, tensor: "", reason: "\(error)"))
        }
    }

    /// What is written in eight bits of the matrices that could be: all of a convolutional network's, else those of
    /// linear layers.
    private static func chosen(_ matrices: Set<String>, in checkpoint: Checkpoint) -> Set<String> {
        func count(_ names: Set<String>) -> Int { names.reduce(0) { $0 + (checkpoint.info($1)?.count ?? 0) } }
        let linear = matrices.filter { checkpoint.info($0)?.shape.count == 2 }
        return count(linear) >= count(matrices.subtracting(linear)) ? linear : matrices
    }

    /// The layers that have a matrix of another type than the ones given, whatever they do with it.
    private static func otherLayers(than matrices: Set<String>, in checkpoint: Checkpoint) -> [String] {
        let suffix = ".weight"
        return checkpoint.names.filter { name in
            !matrices.contains(name) && name.hasSuffix(suffix) && checkpoint.info(name)?.shape.count == 2
        }.map { String($0.dropLast(suffix.count)) }
    }

    /// Copies what is no weights that were written, and says in the configurations beside those how they are stored.
    private func copy(
        _ from: String, to target: String, root: String, depth: Int, _ ignored: [String: [String]],
        _ files: [String: Set<String>], into summary: inout Summary
    ) throws {
        try FileSystem.makeFolder(target)
        let rewritten = matrices.keys.first { isSame($0, from) }
        for name in try FileSystem.list(from).names where !name.hasPrefix(".") {
            let (source, copy) = (FileSystem.join(from, name), FileSystem.join(target, name))
            if FileSystem.isDirectory(source) {
                // The folder that is being written may lie in this one.
                if isSame(source, root) { continue }
                guard depth < Self.deepest else {
                    summary.leftOut.append(source)
                    continue
                }
                try self.copy(source, to: copy, root: root, depth: depth + 1, ignored, files, into: &summary)
            } else if let rewritten, Checkpoint.isWeightFile(name) {
                // Other weights than the ones written: copies of them, or of a training, or adapters to the original.
                if files[rewritten]?.contains(name) != true { summary.leftOut.append(source) }
            } else if depth == 0, name == "card.json" {
                summary.leftOut.append(source)
            } else {
                var bytes = try FileSystem.read(source, limit: Self.largestFile)
                if let rewritten, Self.configurationNames.contains(name) {
                    var object = try Config(file: source, bytes: bytes).object
                    object[Self.key] = Self.configuration(ignoring: ignored[rewritten] ?? [])
                    bytes = JSONValue.object(object).serializedBytes(pretty: true)
                }
                try FileSystem.write(bytes, to: copy)
            }
        }
    }

    /// compressed-tensors' words for integers with a scale for each output, and activations quantised as they come.
    private static func configuration(ignoring layers: [String]) -> JSONValue {
        [
            "quant_method": "compressed-tensors", "format": "int-quantized", "quantization_status": "compressed",
            "ignore": .array(layers.map { JSONValue($0) }),
            "config_groups": [
                "group_0": [
                    "targets": ["Linear"],
                    "weights": [
                        "num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel", "dynamic": false,
                    ],
                    "input_activations": [
                        "num_bits": 8, "type": "int", "symmetric": false, "strategy": "token", "dynamic": true,
                    ],
                ]
            ],
        ]
    }

    /// What the file of a part is called: as its only file, or as its shards or PyTorch's file would be as one.
    private static func fileName(of checkpoint: Checkpoint) -> String {
        let name = FileSystem.lastComponent(checkpoint.files.first ?? "")
        if checkpoint.files.count == 1, name.hasSuffix(".safetensors") { return name }
        if name.hasPrefix("diffusion_pytorch_model") { return "diffusion_pytorch_model.safetensors" }
        return name.hasPrefix("open_clip") ? "open_clip_model.safetensors" : "model.safetensors"
    }

    /// A part's folder as seen from the model's.
    private func relative(_ part: String) -> String {
        let (root, path) = ((try? FileSystem.resolve(folder)) ?? folder, (try? FileSystem.resolve(part)) ?? part)
        return path.hasPrefix("\(root)/") ? String(path.dropFirst(root.count + 1)) : ""
    }

    private func isSame(_ a: String, _ b: String) -> Bool {
        ((try? FileSystem.resolve(a)) ?? a) == ((try? FileSystem.resolve(b)) ?? b)
    }
}
