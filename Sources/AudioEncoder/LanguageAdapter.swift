import Checkpoints
import Layers
import TensorCore

/// A checkpoint whose adapters and head are replaced by those of one language.
///
/// What of the checkpoint is of another language is not shown at all: an adapter that lacks a tensor is an error, and
/// so is one that holds more.
struct LanguageAdapter: TensorSource {
    private let base: any TensorSource
    private let adapter: any TensorSource
    let location: String
    let names: [String]

    /// Lays an adapter over a checkpoint.
    init(_ adapter: any TensorSource, over base: any TensorSource) {
        self.base = base
        self.adapter = adapter
        location = "\(base.location) with \(adapter.location)"
        names = (base.names.filter { !Self.isOfLanguage($0) } + adapter.names.filter(Self.isOfLanguage)).sorted()
    }

    /// Whether transformers keeps a tensor of this name in the file of a language.
    private static func isOfLanguage(_ name: String) -> Bool {
        name.hasPrefix("lm_head.") || name.split(separator: ".").contains("adapter_layer")
    }

    private func source(of name: String) -> any TensorSource { Self.isOfLanguage(name) ? adapter : base }

    func info(_ name: String) -> TensorInfo? { source(of: name).info(name) }

    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        try source(of: name).read(name, at: offset, into: buffer)
    }

    private static let (start, end) = ("adapter.", ".safetensors")

    /// The languages that a folder has adapters for, sorted.
    static func languages(in folder: String) -> [String] {
        let names = (try? FileSystem.list(folder).names) ?? []
        return names.filter { $0.hasPrefix(start) && $0.hasSuffix(end) && $0.utf8.count > start.count + end.count }
            .map { String($0.dropFirst(start.count).dropLast(end.count)) }.sorted()
    }

    /// Opens the adapter of a language.
    static func open(_ language: String, in folder: String) throws(AudioEncoderError) -> Checkpoint {
        // Only names that the folder lists are opened: a language cannot be a path.
        let known = languages(in: folder)
        guard known.contains(where: { $0.utf8.elementsEqual(language.utf8) }) else {
            throw .noLanguage(folder: folder, language: language, known: known)
        }
        let adapter: Checkpoint
        do throws(CheckpointError) {
            adapter = try Checkpoint.open(file: FileSystem.join(folder, start + language + end))
        } catch { throw .checkpoint(error) }
        // A tensor of the model itself would otherwise lie in the file unseen.
        let others = adapter.names.filter { !isOfLanguage($0) }
        guard others.isEmpty else { throw .weights(.unused(location: adapter.location, tensors: others.sorted())) }
        return adapter
    }
}
