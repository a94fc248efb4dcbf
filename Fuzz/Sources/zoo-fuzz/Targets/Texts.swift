import Arguments
import CTC
import JSON

@testable import ZooCommand

/// Any bytes as JSON; what is accepted is the same once written.
@Sendable func fuzzJSON(_ bytes: [UInt8]) throws {
    let value = try JSONValue.parse(bytes)
    require(try JSONValue.parse(value.serialized()) == value, "another value once written")
}

/// Any bytes as a language model.
@Sendable func fuzzARPA(_ bytes: [UInt8]) throws {
    let path = ScratchFolder.shared.path + "/model.arpa"
    write(bytes, to: path)
    let model = try NGramModel(path: path)
    require((1...NGramModel.orderLimit).contains(model.order) && model.counts.count == model.order, "order")
    for sentence in ["the cat sat", "", "<s> </s> <unk>", "a b c d e f g h"] {
        let score = model.logProbability(sentence)
        require(!score.isNaN, "\(score) for \(sentence)")
        _ = model.perplexity(sentence)
    }
}

/// Files of a folder of which a network's letters are read.
@Sendable func fuzzCTCVocabulary(_ bytes: [UInt8]) throws {
    let folder = ScratchFolder.shared.folder("letters")
    let names = ["vocab.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
    for (name, part) in zip(names, sections(bytes, names.count)) { replace("\(folder)/\(name)", with: part) }
    for language in [nil, "eng"] { _ = try CTCVocabulary(folder: folder, language: language) }
}

/// Any words, one a line, as a command line. Nothing is run: only what the words say is found out.
@Sendable func fuzzCommandLine(_ bytes: [UInt8]) throws {
    let words = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { text($0) }
    switch try ZooCommand.command.parse(words) {
    case .help(let path, _):
        for columns in [0, 20, 80] { require(!ZooCommand.command.help(for: path, columns: columns).isEmpty, "no help") }
    case .version: break
    case .run(let parsed):
        // Every value that the command declares can be had.
        _ = parsed[SharedOptions.quiet]
        require(parsed.path.first == "zoo", "\(parsed.path)")
        let command = ZooCommand.all.first { $0.command.name == parsed.path.dropFirst().first }?.command
        for option in command?.options ?? [] { useValue(of: option, in: parsed) }
        for argument in command?.arguments ?? [] { useValue(of: argument, in: parsed) }
    }
}

/// Decodes an option's value, if it is of a type that is asked for here: a value that cannot be had is a trap.
private func useValue(of option: any OptionDeclaration, in parsed: ParsedArguments) {
    func use<Value: Sendable>(_: Value.Type) {
        if let option = option as? Option<Value> { _ = (parsed[option], parsed.isGiven(option)) }
    }
    use(Bool.self)
    use(Int.self)
    use(Int?.self)
    use(Double.self)
    use(Double?.self)
    use(String.self)
    use(String?.self)
    use([String].self)
}

private func useValue(of argument: any ArgumentDeclaration, in parsed: ParsedArguments) {
    if let argument = argument as? Argument<String> { _ = parsed[argument] }
    if let argument = argument as? Argument<String?> { _ = parsed[argument] }
    if let argument = argument as? Argument<[String]> { _ = parsed[argument] }
}
