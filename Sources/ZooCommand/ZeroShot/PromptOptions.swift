import Arguments
import ModelZoo

/// The templates that make a prompt of a label, as options that several subcommands share.
enum PromptOptions {
    /// Templates one by one.
    static let template = Option.text(
        "--template", value: "TEXT", help: "Prompt for a label, with {} for the label; several are averaged"
    ).repeatable()
    /// Templates by file or name.
    static let templates = Option.text(
        "--templates", value: "FILE", kind: .file(extensions: []),
        help: "A file of prompts, one a line, or \(PromptTemplates.names.joined(separator: ", "))")

    /// Whether any were given.
    static func areGiven(_ parsed: ParsedArguments) -> Bool { parsed.isGiven(template) || parsed.isGiven(templates) }

    /// The templates that the command line asks for, at least one, each with a place for the label.
    ///
    /// - Throws: ``UsageError`` or ``Failure`` where one has no `{}` or a file cannot be read.
    static func read(_ parsed: ParsedArguments, _ context: CommandContext) throws -> [String] {
        let given = parsed[template]
        for (index, text) in given.enumerated() where !text.contains(place) {
            throw UsageError(
                "option '--template': '\(printable(text))' has no {} for the label"
                    + (given.count > 1 ? " (number \(index + 1))" : ""), path: parsed.path)
        }
        guard let name = parsed[templates] else { return given.isEmpty ? PromptTemplates.standard : given }
        if let known = PromptTemplates.named(name) { return known }
        let names = PromptTemplates.names.joined(separator: ", ")
        let lines: [NameList.Entry]
        do { lines = try NameList.read(context.path(name), what: "template") } catch let error as InputError {
            throw Failure("\(error); by name there is \(names)", error.exitCode)
        }
        for line in lines where !line.text.contains(place) {
            throw Failure(
                "\(line.place): '\(printable(line.text))' has no {} for the label; write for example "
                    + "'\(PromptTemplates.standard[0])'", .badData)
        }
        return lines.map(\.text)
    }

    /// Where the label goes.
    private static let place = "{}"
}
