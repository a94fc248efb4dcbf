import Arguments
import Testing

@Suite struct ParserTests {
    @Test func valuesInEveryNotation() throws {
        for words in [["--top", "7"], ["--top=7"], ["-k", "7"], ["-k7"]] {
            guard case .run(let parsed) = try Sample.zoo.parse(["classify"] + words + ["a.png"]) else {
                Issue.record("not run: \(words)")
                continue
            }
            #expect(parsed[Sample.top] == 7)
            #expect(parsed.isGiven(Sample.top))
            #expect(parsed.path == ["zoo", "classify"])
        }
    }

    @Test func defaultsAndAbsence() throws {
        let parsed = try Sample.parse("classify", "a.png")
        #expect(parsed[Sample.top] == 5)
        #expect(!parsed.isGiven(Sample.top))
        #expect(parsed[Sample.model] == "tiny")
        #expect(parsed[Sample.threads] == nil)
        #expect(parsed[Sample.mean] == 0.5)
        #expect(parsed[Sample.tier] == nil)
        #expect(parsed[Sample.order] == .avx2)
        #expect(!parsed[Sample.json])
        #expect(!parsed[Sample.quiet])
    }

    @Test func typedValues() throws {
        let parsed = try Sample.parse(
            "classify", "--mean", "0.25", "--tier=avx512", "--threads", "3", "--order", "portable", "--list", "-",
            "--secret",
            "a.png")
        #expect(parsed[Sample.mean] == 0.25)
        #expect(parsed[Sample.tier] == .avx512)
        #expect(parsed[Sample.threads] == 3)
        #expect(parsed[Sample.order] == .portable)
        #expect(parsed[Sample.list] == "-")
        #expect(parsed[Sample.secret])
    }

    @Test func optionsStandAnywhereAndFlagsCombine() throws {
        let parsed = try Sample.parse("-q", "classify", "a", "-jk", "2", "b")
        #expect(parsed[Sample.quiet])
        #expect(parsed[Sample.json])
        #expect(parsed[Sample.top] == 2)
        #expect(parsed[Sample.inputs] == ["a", "b"])
        #expect(try Sample.parse("classify", "a", "--quiet")[Sample.quiet])
    }

    @Test func dashesAsWords() throws {
        #expect(try Sample.parse("classify", "-", "x")[Sample.inputs] == ["-", "x"])
        #expect(try Sample.parse("classify", "--", "--top", "-")[Sample.inputs] == ["--top", "-"])
        #expect(try Sample.parse("classify", "--", "--")[Sample.inputs] == ["--"])
        #expect(try Sample.parse("classify", "--", "--help")[Sample.inputs] == ["--help"])
    }

    @Test func repeatableKeepsOrder() throws {
        let parsed = try Sample.parse("run", "M", "--input", "b=1", "-ia=2", "--input=c==", "--output-dir", "d")
        #expect(parsed[Sample.pair] == ["b=1", "a=2", "c=="])
        #expect(parsed[Sample.output] == "d")
        #expect(parsed[Sample.modelArgument] == "M")
        #expect(parsed[Sample.note] == nil)
        #expect(try Sample.parse("run", "M", "n", "--output-dir=d")[Sample.note] == "n")
        #expect(try Sample.parse("run", "M", "--output-dir=d")[Sample.pair] == [])
        #expect(try Sample.parse("list")[Sample.rest] == [])
        #expect(try Sample.parse("completions", "fish")[Sample.shell] == .fish)
    }

    @Test(arguments: [
        (["clasify"], "unknown subcommand 'clasify', did you mean 'classify'?"),
        (["nothing-like-it"], "unknown subcommand 'nothing-like-it'"),
        (["classify", "--tpo", "3", "a"], "unknown option '--tpo', did you mean '--top'?"),
        (["classify", "-top", "3", "a"], "unknown option '-top', did you mean '--top'?"),
        (["classify", "--to", "3", "a"], "unknown option '--to', did you mean '--top'?"),
        (["classify", "--secre", "a"], "unknown option '--secre'"),
        (["classify", "-x", "a"], "unknown option '-x'"),
        (["classify", "-jx", "a"], "unknown option '-jx'"),
        (["--top", "3", "classify", "a"], "option '--top' comes after 'zoo classify'"),
        (["classify", "a", "--top"], "option '--top' needs a value, K"),
        (["classify", "a", "-k"], "option '-k' needs a value, K"),
        (["classify", "--model", "--top", "3", "a"], "option '--model' needs a value, MODEL"),
        (["classify", "--top", "", "a"], "option '--top': '' is not a whole number"),
        (["classify", "--top", "1.5", "a"], "option '--top': '1.5' is not a whole number"),
        (["classify", "-k0", "a"], "option '-k': '0' is out of range, expected 1 to 1000"),
        (["classify", "--top", "-4", "a"], "option '--top': '-4' is out of range, expected 1 to 1000"),
        (
            ["classify", "--top", "99999999999999999999", "a"],
            "option '--top': '99999999999999999999' is not a whole number"
        ),
        (["classify", "--threads=0", "a"], "option '--threads': '0' is out of range, expected at least 1"),
        (["classify", "--mean", "nan", "a"], "option '--mean': 'nan' is not a number"),
        (["classify", "--mean=2", "a"], "option '--mean': '2' is out of range, expected 0.0 to 1.0"),
        (
            ["classify", "--tier", "avx", "a"],
            "option '--tier': 'avx' is not one of portable, avx2, avx512, did you mean 'avx2'?"
        ),
        (["classify", "--top=1", "-k", "2", "a"], "option '-k' is given twice"),
        (["classify", "--json", "--json", "a"], "option '--json' is given twice"),
        (["classify", "--json=yes", "a"], "option '--json' takes no value"),
        (["classify", "--json", "--table", "a"], "options '--json' and '--table' cannot be used together"),
        (["classify", "--list=", "a"], "option '--list': '' is empty"),
        (["classify"], "missing argument INPUT"),
        (["classify", ""], "INPUT: '' is empty"),
        (["run", "M"], "missing option --output-dir DIR"),
        (["run", "M", "n", "o", "--output-dir", "d"], "unexpected argument 'o'"),
        (["completions", "tcsh"], "SHELL: 'tcsh' is not one of bash, zsh, fish"),
        (["classify", "--a\u{1B}[2J\nb"], "unknown option '--a\\u{1b}[2J\\nb'"),
    ])
    func refusals(words: [String], message: String) {
        let error = #expect(throws: UsageError.self) { try Sample.zoo.parse(words) }
        #expect(error?.message == message)
    }

    @Test func errorsPointToTheHelpOfTheirCommand() {
        let error = #expect(throws: UsageError.self) { try Sample.zoo.parse(["classify", "--nope"]) }
        #expect(error?.hint == "see 'zoo classify --help'")
        #expect(error?.description == "unknown option '--nope' (see 'zoo classify --help')")
        #expect(UsageError("m", path: ["zoo"]).hint == "see 'zoo --help'")
    }

    @Test(arguments: [
        (["--help"], ["zoo"]), (["-h"], ["zoo"]), (["classify", "-h"], ["zoo", "classify"]),
        (["--help", "classify"], ["zoo", "classify"]), (["classify", "--top", "--help"], ["zoo", "classify"]),
        (["classify", "--nonsense", "--help", "--version"], ["zoo", "classify"]),
        (["classify", "-qh"], ["zoo", "classify"]),
    ])
    func helpAnywhere(words: [String], path: [String]) throws {
        guard case .help(let found, let wasAsked) = try Sample.zoo.parse(words) else {
            Issue.record("no help for \(words)")
            return
        }
        #expect(found == path)
        #expect(wasAsked)
    }

    @Test func noSubcommandShowsHelp() throws {
        guard case .help(let path, let wasAsked) = try Sample.zoo.parse(["-q"]) else {
            Issue.record("no help")
            return
        }
        #expect(path == ["zoo"])
        #expect(!wasAsked)
    }

    @Test func versionAnywhere() throws {
        for words in [["--version"], ["classify", "--version"], ["--bad", "--version"]] {
            guard case .version = try Sample.zoo.parse(words) else {
                Issue.record("no version for \(words)")
                continue
            }
        }
    }

    @Test func printableText() {
        #expect(printable("näme 🦓.png") == "näme 🦓.png")
        #expect(printable("a\tb\u{202E}c\u{9B}") == "a\\u{9}b\\u{202e}c\\u{9b}")
        #expect(printable(String(repeating: "x", count: 400)).count == 303)
    }
}
