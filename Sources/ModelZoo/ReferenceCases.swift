public import Checkpoints
public import JSON
public import TensorCore

/// Reference inputs and outputs stored beside a model, `ref/manifest.json`.
///
/// ```json
/// {"cases": [{"case": "b1", "inputs": {"pixel_values": "b1.in.pixel_values.npy"},
///             "outputs": {"logits": "b1.out.logits.npy"}, "flops": 8178368512}],
///  "preprocess": {"image": "image.png", "pixel_values": "pixel_values.npy"}}
/// ```
///
/// A model that hears has `"preprocess": {"audio": "audio.wav", "input_values": "input_values.npy"}`.
public struct ReferenceCases: Sendable {
    /// One input and what the reference makes of it.
    public struct Case: Sendable {
        /// Its name, such as `b1`.
        public var name: String
        /// Array files of the inputs, by input name.
        public var inputs: [String: String]
        /// Array files of the reference's outputs, by output name.
        public var outputs: [String: String]
        /// The reference's count of floating-point operations, where it was taken.
        public var flops: Double?
    }

    /// A picture or a sound, and the input that the reference's preprocessing makes of it.
    public enum Preprocessing: Sendable, Equatable {
        /// The files of the picture and of the array.
        case picture(image: String, pixelValues: String)
        /// The files of the sound and of the array.
        case sound(audio: String, inputValues: String)
    }

    /// The folder the files lie in.
    public let folder: String
    /// The cases, in the order of the file.
    public let cases: [Case]
    /// The preprocessing case, where there is one.
    public let preprocessing: Preprocessing?

    /// The largest array file that is read.
    public static let arrayLimit = 1 << 31

    /// Reads a model's manifest.
    ///
    /// - Throws: ``ReferenceError`` where it is missing or broken.
    public init(model folder: String) throws(ReferenceError) {
        self.folder = FileSystem.join(folder, "ref")
        let path = FileSystem.join(self.folder, "manifest.json")
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch {
            throw error.isNotFound ? .noCases(folder: folder) : .checkpoint(.file(error))
        }
        do throws(ConfigError) {
            let config = try Config(file: path, bytes: bytes)
            var cases: [Case] = []
            for entry in try config.objects("cases", count: 0...10_000) {
                cases.append(
                    Case(
                        name: try entry.string("case"), inputs: try Self.files(entry.object("inputs")),
                        outputs: try Self.files(entry.object("outputs")),
                        flops: try entry.optionalDouble("flops", in: 0...1e18)))
            }
            self.cases = cases
            preprocessing = try config.optionalObject("preprocess").map(Self.preprocessing)
        } catch { throw .config(error) }
    }

    /// The case of a name.
    public func named(_ name: String) throws(ReferenceError) -> Case {
        guard let found = cases.first(where: { $0.name == name }) else {
            throw .unknownCase(name: name, known: cases.map(\.name))
        }
        return found
    }

    /// Reads an array file of this folder.
    public func tensor(_ file: String) throws(ReferenceError) -> Tensor {
        do throws(CheckpointError) {
            let path = FileSystem.join(folder, file)
            return try Tensor(NPY(file: path, limit: Self.arrayLimit), file: path)
        } catch { throw .checkpoint(error) }
    }

    /// A text and what the reference's tokenizer makes of it.
    public struct TokenizerCase: Sendable {
        /// The text.
        public var text: String
        /// The tokens' numbers, those around the text included.
        public var ids: [Int]
    }

    /// The tokenizer's cases, a list of `{"text", "ids"}` in `ref/tokenizer_cases.json`; none where there is no such
    /// file.
    ///
    /// - Throws: ``ReferenceError`` where it is broken.
    public func tokenizerCases() throws(ReferenceError) -> [TokenizerCase] {
        let path = FileSystem.join(folder, "tokenizer_cases.json")
        guard FileSystem.exists(path) else { return [] }
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch {
            throw .checkpoint(.file(error))
        }
        do throws(ConfigError) {
            let list: JSONValue
            do throws(JSONError) {
                list = try JSONValue.parse(bytes, limits: JSONLimits(byteCount: Config.byteLimit))
            } catch { throw .syntax(file: path, error) }
            let config = Config(file: path, object: ["cases": list])
            var cases: [TokenizerCase] = []
            for entry in try config.objects("cases", count: 0...100_000) {
                cases.append(
                    TokenizerCase(
                        text: try entry.string("text"),
                        ids: try entry.ints("ids", count: 0...1_000_000, in: 0...Int(Int32.max))))
            }
            return cases
        } catch { throw .config(error) }
    }

    private static func files(_ config: Config) throws(ConfigError) -> [String: String] {
        var files: [String: String] = [:]
        for name in config.keys { files[name] = try file(config, name) }
        return files
    }

    private static func preprocessing(_ config: Config) throws(ConfigError) -> Preprocessing {
        if config.keys.contains("audio") {
            return .sound(audio: try file(config, "audio"), inputValues: try file(config, "input_values"))
        }
        return .picture(image: try file(config, "image"), pixelValues: try file(config, "pixel_values"))
    }

    /// A file's name, which must not lead out of the folder.
    private static func file(_ config: Config, _ key: String) throws(ConfigError) -> String {
        let name = try config.string(key)
        guard !name.isEmpty, !name.contains("/"), name != "..", name != "." else {
            throw config.failure(key, expected: "the name of a file in the same folder")
        }
        return name
    }
}

/// Reference cases cannot be read.
public enum ReferenceError: Error, Sendable, CustomStringConvertible {
    /// The model has none.
    case noCases(folder: String)
    /// There is no case of this name.
    case unknownCase(name: String, known: [String])
    /// The manifest is broken.
    case config(ConfigError)
    /// A file is missing or broken.
    case checkpoint(CheckpointError)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .noCases(let folder): "\(folder): no reference cases are stored beside this model (ref/manifest.json)"
        case .unknownCase(let name, let known): "no case \"\(name)\"; there are \(known.joined(separator: ", "))"
        case .config(let error): error.description
        case .checkpoint(let error): error.description
        }
    }
}

extension Tensor {
    /// The values of an array file; integers stay integers, everything else becomes fp32.
    ///
    /// - Throws: `CheckpointError` where an array has more dimensions than a tensor can.
    public init(_ array: NPY, file: String) throws(CheckpointError) {
        guard array.shape.count <= Shape.maximumRank else {
            throw .npy(
                NPYError(
                    file: file, offset: 0, expected: "at most \(Shape.maximumRank) dimensions",
                    found: "\(array.shape.count)"))
        }
        switch array.element {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .bool:
            self.init(integers: array.integers() ?? [], shape: Shape(array.shape))
        case .uint64, .float16, .float32, .float64:
            self.init(array.floats(), shape: Shape(array.shape))
        }
    }
}
