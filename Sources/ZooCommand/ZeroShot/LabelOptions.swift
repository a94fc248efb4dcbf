import Arguments

/// The labels among which a dual encoder chooses, as options.
enum LabelOptions {
    /// Labels on the command line.
    static let labels = Option.text(
        "--labels", "-l", value: "A,B,C", help: "Choose among these labels, with a dual encoder")
    /// Labels in a file.
    static let file = Option.file(
        "--labels-from", extensions: ["txt"],
        help: "Choose among the labels of this file, one a line, or of standard input for -")
    /// Scores that do not depend on the other labels.
    static let multiLabel = Option.flag(
        "--multi-label", help: "Score each label by itself, so that several or none may fit")

    /// The labels that the command line names, `nil` where it names none.
    ///
    /// - Throws: ``UsageError``, ``InputError`` or ``Failure`` where one is empty or comes twice.
    static func read(_ parsed: ParsedArguments, _ context: CommandContext) throws -> [String]? {
        if let text = parsed[labels] {
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(NameList.trimmed)
            if let index = parts.firstIndex(of: "") {
                throw UsageError(
                    parts.count == 1
                        ? "option '--labels': no labels, write them as --labels 'a cat,a dog'"
                        : "option '--labels': label \(index + 1) of \(parts.count) is empty; commas separate labels, "
                            + "--labels-from takes such as have commas in them", path: parsed.path)
            }
            if let pair = firstDuplicate(parts) {
                throw UsageError(
                    "option '--labels': '\(printable(parts[pair.second]))' is given twice, as label \(pair.first + 1) "
                        + "and \(pair.second + 1)", path: parsed.path)
            }
            return parts
        }
        guard let path = parsed[file] else { return nil }
        let entries = try NameList.read(context.path(path), what: "label")
        if let pair = firstDuplicate(entries.map(\.text)) {
            throw Failure(
                "\(entries[pair.second].place): the label '\(printable(entries[pair.second].text))' is there twice, "
                    + "first at \(entries[pair.first].place); take one out", .badData)
        }
        return entries.map(\.text)
    }

    /// The positions of the first label that has been there before. Two spellings of the same characters are the same.
    private static func firstDuplicate(_ labels: [String]) -> (first: Int, second: Int)? {
        var seen: [String: Int] = [:]
        for (index, label) in labels.enumerated() {
            if let first = seen.updateValue(index, forKey: label) { return (first, index) }
        }
        return nil
    }
}
