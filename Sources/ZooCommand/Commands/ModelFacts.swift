import Checkpoints
import JSON
import ModelZoo

/// Everything that is known of a model without reading its weights.
struct ModelFacts {
    let summary: ModelSummary
    let model: AnyModel
    let card: ModelCard?
    /// What is known of models of its family only.
    let own: FamilyFacts
    /// SHA-256 of each weight file, where it was computed.
    let hashes: [String: String]
    let checksFiles: Bool

    init(_ summary: ModelSummary, checksFiles: Bool) throws {
        self.summary = summary
        self.checksFiles = checksFiles
        model = try summary.model.get()
        own = try FamilyFacts(model)
        card = try summary.card.get()
        var hashes: [String: String] = [:]
        if checksFiles {
            for file in summary.files { hashes[file.name] = try SHA256.hexadecimal(ofFile: file.path) }
        }
        self.hashes = hashes
    }

    /// Why the weights are not those of the card, where that was to be checked.
    var checkFailure: Failure? {
        guard checksFiles else { return nil }
        for file in summary.files {
            guard let stated = card?.hashes[file.name] else {
                return Failure("\(file.path): no card.json beside it states its SHA-256", .unavailable)
            }
            let found = hashes[file.name] ?? ""
            guard stated.lowercased() == found else {
                return Failure(
                    "\(file.path): its SHA-256 is \(found), card.json states \(stated); the file is damaged or not the "
                        + "one the card is about, get it again", .badData)
            }
        }
        return nil
    }

    func rows(allLabels: Bool) -> [(String, String)] {
        var rows = [("Model", summary.entry.name)]
        if !summary.entry.isSingleFile { rows.append(("Folder", summary.entry.folder)) }
        rows += [("Task", summary.task), ("Architecture", model.architecture)]
        rows += own.layout.map { [("Layout", $0)] } ?? []
        rows.append(("Parameters", "\(Format.count(Double(model.parameterCount))) (\(model.parameterCount))"))
        rows += own.rows(allLabels: allLabels)
        if let card {
            let hasOneFigure = card.figures.count == 1
            rows += card.figures.enumerated().map { index, figure in
                let place = hasOneFigure ? card.measuredOn.map { " on \($0)" } ?? "" : ""
                return (index == 0 ? "Accuracy" : "", "\(Format.percent(figure.value)) \(figure.title)\(place)")
            }
            if !hasOneFigure, let place = card.measuredOn { rows.append(("Measured on", place)) }
            rows += [("Dataset", card.dataset), ("Licence", card.license)]
            rows += card.papers.enumerated().map { ($0.offset == 0 ? "Papers" : "", $0.element) }
        }
        for file in summary.files {
            rows.append(("File", "\(file.name), \(Format.bytes(file.bytes))"))
            guard let hash = hashes[file.name] ?? card?.hashes[file.name] else { continue }
            let note = checksFiles ? (card?.hashes[file.name] == hash ? " (as the card states)" : "") : " (not checked)"
            rows.append(("SHA-256", hash + note))
        }
        return rows
    }

    var json: JSONValue {
        var object: JSONObject = [
            "name": JSONValue(summary.entry.name), "folder": JSONValue(summary.entry.folder),
            "task": JSONValue(summary.task), "architecture": JSONValue(model.architecture),
            "layout": JSONValue(optional: own.layout) { JSONValue($0) },
            "parameters": JSONValue(model.parameterCount), "weight_bytes": JSONValue(model.weightBytes),
        ]
        for (key, value) in own.json { object[key] = value }
        object["license"] = JSONValue(optional: card) { JSONValue($0.license) }
        object["dataset"] = JSONValue(optional: card) { JSONValue($0.dataset) }
        object["accuracy"] = JSONValue(optional: card) { card in
            var accuracy = card.accuracy
            if let place = card.measuredOn { accuracy["dataset"] = JSONValue(place) }
            return .object(accuracy)
        }
        object["papers"] = JSONValue(optional: card) { .array($0.papers.map { JSONValue($0) }) }
        object["files"] = .array(
            summary.files.map { file in
                [
                    "name": JSONValue(file.name), "bytes": JSONValue(file.bytes),
                    "sha256": JSONValue(optional: card?.hashes[file.name]) { JSONValue($0) },
                    "computed_sha256": JSONValue(optional: hashes[file.name]) { JSONValue($0) },
                ]
            })
        return .object(object)
    }
}
