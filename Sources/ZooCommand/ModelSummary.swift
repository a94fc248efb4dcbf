import Checkpoints
import Glibc
import JSON
import ModelZoo
import TensorCore

/// What can be said of a model without reading its weights.
struct ModelSummary {
    /// Name and folder.
    let entry: Registry.Entry
    /// The model's plan, or why it cannot be loaded.
    let model: Result<AnyModel, Failure>
    /// The card; `nil` where there is none.
    let card: Result<ModelCard?, Failure>
    /// The weight files, as far as they can be opened.
    let files: [WeightFile]

    /// A weight file.
    struct WeightFile {
        /// Its path.
        let path: String
        /// Its name in the folder; of a pipeline's component with the component's folder, `unet/model.safetensors`.
        let name: String
        /// Its size.
        let bytes: Int
    }

    /// Looks at a model's folder.
    init(_ entry: Registry.Entry, _ context: CommandContext, _ runtime: Runtime) {
        self.entry = entry
        do {
            model = .success(try context.plan(entry, runtime))
        } catch { model = .failure(Failure(error)) }
        do {
            card = .success(try context.registry.card(entry))
        } catch { card = .failure(Failure(error)) }
        files = Self.weightFiles(entry).map { path in
            let prefix = entry.folder.hasSuffix("/") ? entry.folder : entry.folder + "/"
            let name = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : FileSystem.lastComponent(path)
            return WeightFile(path: path, name: name, bytes: fileSize(path))
        }
    }

    /// The paths of a model's weight files. Some folders have them under names that only their family knows.
    private static func weightFiles(_ entry: Registry.Entry) -> [String] {
        if let checkpoint = try? Checkpoint.open(folder: entry.folder, choice: entry.weights) {
            return checkpoint.files
        }
        // A pipeline of diffusers has a folder for each component.
        let components = ["text_encoder", "unet", "vae", "vqvae"].flatMap { component in
            let folder = FileSystem.join(entry.folder, component)
            return (try? Checkpoint.open(folder: folder, choice: entry.weights))?.files ?? []
        }
        if !components.isEmpty { return components }
        let names = (try? FileSystem.list(entry.folder).names) ?? []
        return names.filter { $0.hasSuffix(".safetensors") }.map { FileSystem.join(entry.folder, $0) }
    }

    /// Why the model or its card cannot be used.
    var failure: Failure? {
        if case .failure(let failure) = model { return failure }
        if case .failure(let failure) = card { return failure }
        return nil
    }

    /// What the model does.
    var task: String {
        (try? card.get())?.task ?? (try? model.get())?.task ?? AnyModel.Family.imageClassifier.rawValue
    }

    /// Bytes of all weight files.
    var fileBytes: Int { files.reduce(0) { $0 + $1.bytes } }
}

/// The size of a file; 0 where it cannot be told.
private func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

extension JSONValue {
    /// A value, or `null`.
    init<Value>(optional value: Value?, _ make: (Value) -> JSONValue) {
        self = value.map(make) ?? .null
    }
}
