import Arguments
import Checkpoints
import JSON
import ModelZoo

/// `zoo list --architectures`: what can be loaded, and what its checkpoints are called.
enum ArchitectureList {
    static let option = Option.flag("--architectures", help: "Show what can be loaded, by its name in each library")

    /// Writes a table a family, or a JSON object an architecture.
    static func write(asJSON: Bool, _ context: CommandContext) throws(OutputError) {
        for (index, family) in AnyModel.Family.allCases.enumerated() {
            if asJSON {
                for architecture in family.architectures { try context.write(json(architecture, family)) }
                continue
            }
            if index > 0 { try context.output.write("") }
            try context.output.write("\(family.rawValue)\n")
            try context.write(table(family, context.terminal))
        }
    }

    private static func table(_ family: AnyModel.Family, _ terminal: Terminal) -> Table {
        var table = Table(
            [Table.Column("Architecture"), Table.Column("Library"), Table.Column("Called")],
            usesUnicode: terminal.usesUnicode)
        for architecture in family.architectures {
            var title = architecture.name
            for library in SupportedArchitecture.Library.allCases {
                guard let names = architecture.names[library] else { continue }
                var source = library.rawValue
                for line in wrap(names.joined(separator: ", "), width: 72) {
                    table.add([title, source, line])
                    (title, source) = ("", "")
                }
            }
        }
        return table
    }

    private static func json(_ architecture: SupportedArchitecture, _ family: AnyModel.Family) -> JSONValue {
        var object: JSONObject = ["name": JSONValue(architecture.name), "task": JSONValue(family.rawValue)]
        for library in SupportedArchitecture.Library.allCases {
            guard let names = architecture.names[library] else { continue }
            object[library.rawValue] = .array(names.map { JSONValue($0) })
        }
        object["papers"] = .array(architecture.papers.map { JSONValue("arXiv:\($0)") })
        return .object(object)
    }
}
