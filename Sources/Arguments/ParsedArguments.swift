/// What a command line came to.
public enum Invocation: Sendable {
    /// Run the command.
    case run(ParsedArguments)
    /// Show the help of the command at `path`. `wasAsked` is false where a subcommand was needed and none was given:
    /// the help then goes to stderr, with the exit code of wrong usage.
    case help(path: [String], wasAsked: Bool)
    /// Show the version.
    case version
}

/// A command line that has been accepted: the command, and typed values by declaration.
public struct ParsedArguments: Sendable {
    /// The names from the top command down: `["zoo", "classify"]`.
    public let path: [String]
    /// Texts by long name; an empty list for a declared option that was not given.
    let options: [String: [String]]
    /// Words by argument name.
    let arguments: [String: [String]]

    /// The value of an option that this command, or one above it, declares.
    public subscript<Value>(option: Option<Value>) -> Value {
        let name = option.specification.name
        guard let texts = options[name], let value = option.decode(texts) else {
            preconditionFailure("'\(path.joined(separator: " "))' does not declare \(name)")
        }
        return value
    }

    /// The value of a positional argument that this command declares.
    public subscript<Value>(argument: Argument<Value>) -> Value {
        let name = argument.specification.name
        guard let words = arguments[name], let value = argument.decode(words) else {
            preconditionFailure("'\(path.joined(separator: " "))' does not declare \(name)")
        }
        return value
    }

    /// The words of a command line that gives these options, as far as they were given here, as they were given here.
    public func words(of declarations: [any OptionDeclaration]) -> [String] {
        declarations.flatMap { declaration in
            let specification = declaration.specification
            return (options[specification.name] ?? []).flatMap { text in
                specification.form == .flag ? [specification.name] : ["\(specification.name)=\(text)"]
            }
        }
    }

    /// Whether an option was given, whatever its value.
    public func isGiven(_ option: some OptionDeclaration) -> Bool {
        options[option.specification.name]?.isEmpty == false
    }
}
