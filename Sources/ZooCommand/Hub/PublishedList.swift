import JSON
import ModelZoo

/// What is said of published models that need not be on this computer.
enum PublishedList {
    /// Writes all of them.
    static func write(_ context: CommandContext, json: Bool, names: Bool) throws -> ExitCode {
        var seen: Set<String> = []
        let models = context.registry.published.filter { seen.insert($0.name).inserted }
        if names {
            for model in models { try context.output.write(model.name) }
            return .success
        }
        if json {
            for model in models { try context.write(Self.json(model)) }
            return .success
        }
        var table = Table(
            [
                Table.Column("Name"), Table.Column("Task", isElastic: true), Table.Column("Accuracy", .right),
                Table.Column("Licence"), Table.Column("Repository", isElastic: true),
            ], usesUnicode: context.terminal.usesUnicode)
        for model in models {
            table.add([
                model.name, model.task, model.accuracy.map { Format.percent($0.value) } ?? "-", model.license ?? "-",
                model.reference,
            ])
        }
        try context.write(table)
        return .success
    }

    /// A model for people.
    static func rows(_ model: PublishedModel) -> [(String, String)] {
        var rows = [
            ("Model", model.name), ("Repository", model.reference), ("Task", model.task),
            ("Licence", model.license ?? "not known"),
        ]
        if let accuracy = model.accuracy {
            let name = accuracy.name == "top1" ? "top-1" : accuracy.name
            rows.append(("Accuracy", "\(Format.percent(accuracy.value)) \(name) on \(accuracy.dataset), as published"))
        }
        if let preparation = model.preprocessing {
            rows.append(
                (
                    "Pictures",
                    "\(preparation.size) x \(preparation.size), \(Format.percent(preparation.crop)) cut out, "
                        + preparation.interpolation
                ))
        }
        rows += model.files.map { ("File", $0) }
        rows += model.hashes.sorted { $0.key < $1.key }.map { ("SHA-256", "\($0.value) (\($0.key))") }
        rows.append(("State", "not on this computer: zoo pull \(model.name)"))
        return rows
    }

    /// A model for programs.
    static func json(_ model: PublishedModel) -> JSONValue {
        var hashes = JSONObject()
        for (file, hash) in model.hashes.sorted(by: { $0.key < $1.key }) { hashes[file] = JSONValue(hash) }
        return [
            "name": JSONValue(model.name), "repository": JSONValue(model.repository),
            "revision": JSONValue(model.revision), "task": JSONValue(model.task),
            "license": JSONValue(optional: model.license) { JSONValue($0) },
            "accuracy": JSONValue(optional: model.accuracy) {
                [
                    "name": JSONValue($0.name), "value": JSONValue($0.value), "dataset": JSONValue($0.dataset),
                ]
            },
            "preprocessing": JSONValue(optional: model.preprocessing) {
                [
                    "size": JSONValue($0.size), "crop": JSONValue($0.crop),
                    "interpolation": JSONValue($0.interpolation),
                ]
            },
            "files": .array(model.files.map { JSONValue($0) }), "sha256": .object(hashes), "fetched": false,
        ]
    }
}
