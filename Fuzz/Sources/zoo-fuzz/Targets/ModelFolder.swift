import Files
import Glibc
import JSON
import ModelZoo
import TensorCore

/// A model of the tests with one of its JSON files changed, for every architecture and each of its files.
///
/// The first line names the file, such as `ImageClassifiersTests/timm-vit/config.json`; any other line stands for one
/// of the files. The rest is JSON whose members take the place of the file's own (one level down, too, so that
/// `{"model_args": {"depths": [1]}}` changes one argument), or which replaces the file where it is no object.
@Sendable func fuzzModelFolder(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return }
    let line = text(parts[0])
    let file = files.first { $0.name == line } ?? files[Int(checksum(parts[0])) % files.count]
    let path = file.path
    defer { write(file.bytes, to: path) }
    let change = Array(parts[1])
    if let new = try? JSONValue.parse(change).objectValue, let old = try? JSONValue.parse(file.bytes).objectValue {
        write(Array(JSONValue.object(merged(old, new, levels: 2)).serialized().utf8), to: path)
    } else {
        write(change, to: path)
    }
    let loaded = try AnyModel(folder: file.folder, runtime: runtime, plansOnly: true)
    require(!loaded.architecture.isEmpty && loaded.parameterCount >= 0 && loaded.weightBytes >= 0, "a model of nothing")
    if let preprocessing = try loaded.preprocessing() { require(!preprocessing.description.isEmpty, "no description") }
    if let tokenizer = try loaded.tokenizer() { _ = tokenizer.encode("A photo of 2 cats") }
    try plan(loaded)
}

/// What a pass would cost: shapes that do not fit are found here.
private func plan(_ model: AnyModel) throws {
    switch model {
    case .imageClassifier(let model):
        for side in [1, 24, 32] { _ = try? model.plan(batch: 1, height: side, width: side) }
    case .dualEncoder(let model):
        for tower in model.towers { _ = try? model.plan(tower, batch: 1) }
    case .sentenceEncoder: break
    case .audioEncoder(let model):
        for samples in [1, 400, 2_000] { _ = try? model.plan(batch: 1, samples: samples) }
    case .gan(let model): _ = model.plan(batch: 1)
    case .diffusion(let model):
        for side in [1, 8, 32] { _ = try? model.plan(batch: 1, height: side, width: side) }
    case .latentDiffusion(let model):
        for side in [8, 32] { _ = try? model.pipeline?.plan(pictures: 1, height: side, width: side) }
    }
}

private let runtime = Runtime(threads: 1)

/// A JSON file in a copy of a model of the tests.
private struct ModelFile {
    /// Suite, model and file.
    var name: String
    /// The copy's folder.
    var folder: String
    /// Where the file is, in the folder or in one below.
    var path: String
    /// What the file says unchanged.
    var bytes: [UInt8]
}

/// Every JSON file of every folder of the tests' fixtures that has a configuration.
private let files: [ModelFile] = {
    let tests = getenv("ZOO_TESTS").map { String(cString: $0) } ?? "../Tests"
    var files: [ModelFile] = []
    for suite in [
        "AudioEncoderTests", "DiffusionTests", "DualEncoderTests", "GANTests", "ImageClassifiersTests",
        "LatentDiffusionTests", "SentenceEncoderTests",
    ] {
        let fixtures = "\(tests)/\(suite)/Fixtures"
        for name in (try? FileSystem.list(fixtures).names) ?? [] {
            guard let source = try? FileSystem.resolve("\(fixtures)/\(name)"), FileSystem.isDirectory(source) else {
                continue
            }
            files += copy(source, as: "\(suite)/\(name)")
        }
    }
    require(!files.isEmpty, "no models in \(tests)")
    return files
}()

/// Copies a model's JSON files, those of its components too, and links everything else.
private func copy(_ source: String, as name: String) -> [ModelFile] {
    guard let names = try? FileSystem.list(source).names, Registry.configurationFiles.contains(where: names.contains)
    else { return [] }
    let folder = ScratchFolder.shared.folder(name.replacing("/", with: "-"))
    return copyEntries(of: source, as: name, to: folder, model: folder)
}

private func copyEntries(of source: String, as name: String, to folder: String, model: String) -> [ModelFile] {
    var files: [ModelFile] = []
    for entry in (try? FileSystem.list(source).names) ?? [] where entry != "ref" {
        let (path, target) = ("\(source)/\(entry)", "\(folder)/\(entry)")
        if entry.hasSuffix(".json"), let bytes = try? FileSystem.read(path, limit: 1 << 16) {
            files.append(ModelFile(name: "\(name)/\(entry)", folder: model, path: target, bytes: bytes))
            write(bytes, to: target)
        } else if folder == model, FileSystem.isDirectory(path) {
            mkdir(target, 0o700)
            files += copyEntries(of: path, as: "\(name)/\(entry)", to: target, model: model)
        } else {
            symlink(path, target)
        }
    }
    return files
}

/// An object with the members of another in the place of its own.
private func merged(_ old: JSONObject, _ new: JSONObject, levels: Int) -> JSONObject {
    var result = JSONObject()
    for member in old.members {
        guard let value = new[member.key] else {
            result.append(key: member.key, value: member.value)
            continue
        }
        if levels > 1, let inner = member.value.objectValue, let change = value.objectValue {
            result.append(key: member.key, value: .object(merged(inner, change, levels: levels - 1)))
        } else {
            result.append(key: member.key, value: value)
        }
    }
    for member in new.members { result.append(key: member.key, value: member.value) }
    return result
}
