import Arguments
import Checkpoints

/// Pictures with known classes: a folder with one folder for each class.
struct LabelledFolder {
    /// The pictures, class by class in the order of the folders' names, and what they show.
    let inputs: [(input: Result<InputPath, InputError>, label: String)]
    /// The classes' names.
    let labels: [String]

    /// Finds the pictures.
    ///
    /// - Parameters:
    ///   - labels: the classes of the model; a folder is called as one of them, in any case of letters. `nil` takes
    ///     the folders' names, with spaces for `_`.
    ///   - limit: the number of pictures of each class that are taken at most.
    /// - Throws: ``Failure`` where the folders are not those of the labels, or one has no pictures.
    init(_ folder: InputPath, labels modelLabels: [String]?, limit: Int?) throws {
        guard folder.isFolder else {
            throw Failure(
                "\(folder.shown): not a folder; give one with a folder of pictures for each class", .inputNotFound)
        }
        let names = try FileSystem.list(folder.text).names.filter { name in
            !name.hasPrefix(".") && folder.appending(Array(name.utf8)).isFolder
        }
        let labels = modelLabels ?? names.map { String($0.map { $0 == "_" ? " " : $0 }) }
        guard Set(labels).count == labels.count || modelLabels != nil, !labels.isEmpty else {
            throw Failure(
                "\(folder.shown): the names of its folders are no labels: "
                    + (labels.isEmpty ? "there are none" : "two are the same with spaces for _"), .badData)
        }
        self.labels = labels
        if modelLabels == nil {
            inputs = try zip(names, labels).flatMap { name, label in
                try Self.pictures(folder, name, limit: limit).map { (input: $0, label: label) }
            }
            return
        }
        var labelOfName: [String: String] = [:]
        for label in labels where labelOfName[label.lowercased()] == nil { labelOfName[label.lowercased()] = label }
        let extra = names.filter { labelOfName[$0.lowercased()] == nil }
        let present = Set(names.map { $0.lowercased() })
        let missing = labels.filter { !present.contains($0.lowercased()) }
        guard extra.isEmpty, missing.isEmpty else {
            throw Failure(Self.mismatch(folder, extra: extra, missing: missing), .badData)
        }
        var inputs: [(input: Result<InputPath, InputError>, label: String)] = []
        for name in names {
            guard let label = labelOfName[name.lowercased()] else { continue }
            inputs += try Self.pictures(folder, name, limit: limit).map { (input: $0, label: label) }
        }
        self.inputs = inputs
    }

    /// The pictures of a class, at least one.
    private static func pictures(
        _ folder: InputPath, _ name: String, limit: Int?
    ) throws(Failure) -> [Result<InputPath, InputError>] {
        let path = folder.appending(Array(name.utf8))
        let found = Array(InputList([path], list: PathList(isNullSeparated: false)).prefix(limit ?? .max))
        guard !found.isEmpty else {
            throw Failure(
                "\(path.shown): no pictures (looked for \(InputList.pictures.joined(separator: ", ")))", .badData)
        }
        return found
    }

    private static func mismatch(_ folder: InputPath, extra: [String], missing: [String]) -> String {
        var parts: [String] = []
        if !missing.isEmpty { parts.append("no folder for the label\(plural(missing)) \(listed(missing))") }
        if !extra.isEmpty { parts.append("no label for the folder\(plural(extra)) \(listed(extra))") }
        return
            "\(folder.shown): \(parts.joined(separator: "; ")); folders must be called as the model's labels ('zoo show')"
    }

    private static func plural(_ names: [String]) -> String { names.count == 1 ? "" : "s" }

    private static func listed(_ names: [String]) -> String {
        names.prefix(10).map { printable($0) }.joined(separator: ", ")
            + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}
