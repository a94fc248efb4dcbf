import Arguments
import Testing

@Suite struct DeclarationTests {
    @Test func sampleIsSound() {
        #expect(Sample.zoo.validate() == [])
    }

    private static let two = Option.int("--two", "-t", default: 9, range: 1...3, help: "Two")

    @Test(arguments: [
        (Command("x", summary: "X", options: [two]), "default of '--two': '9' is out of range, expected 1 to 3"),
        (Command("x", summary: "X", options: [Option.flag("--help", help: "H")]), "'--help' is declared twice"),
        (Command("x", summary: "X", options: [Option.flag("--hi", "-h", help: "H")]), "'-h' is declared twice"),
        (
            Command("x", summary: "X", options: [Option.flag("--one", help: "A"), Option.flag("--one", help: "B")]),
            "'--one' is declared twice"
        ),
        (
            Command("x", summary: "X", options: [Option.flag("--One", help: "A")]),
            "'--One' is not a long name: two dashes, then lower case letters, digits, dashes"
        ),
        (
            Command("x", summary: "X", options: [Option.flag("--one", "-12", help: "A")]),
            "'-12' is not a short name: a dash and a letter"
        ),
        (Command("x", summary: ""), "the text of 'summary' is empty, has a line feed or ends in a full stop"),
        (
            Command("x", summary: "X", options: [Option.flag("--one", help: "A.")]),
            "the text of '--one' is empty, has a line feed or ends in a full stop"
        ),
        (
            Command("x", summary: "X", options: [Option.file("--one", extensions: ["$(x)"], help: "A")]),
            "'$(x)' of '--one' is not a plain word"
        ),
        (
            Command("x", summary: "X", arguments: [Sample.inputs, Sample.modelArgument]),
            "'INPUT' takes all words, 'MODEL' can never be given"
        ),
        (
            Command("x", summary: "X", arguments: [Sample.note, Sample.modelArgument]),
            "'NOTE' may be left out, 'MODEL' after it may not"
        ),
        (
            Command("x", summary: "X", arguments: [Sample.note], subcommands: [Command("y", summary: "Y")]),
            "has both arguments and subcommands"
        ),
        (
            Command("x", summary: "X", subcommands: [Command("y", summary: "Y"), Command("y", summary: "Y")]),
            "subcommand 'y' is declared twice"
        ),
        (
            Command("x", summary: "X", exclusive: [[Sample.json, Sample.table]]),
            "'--json' of an exclusive group is not an option of this command"
        ),
        (
            Command("x", summary: "X", options: [Sample.json], exclusive: [[Sample.json]]),
            "an exclusive group has less than two options"
        ),
        (
            Command(
                "x", summary: "X", options: [Sample.output, Sample.json], exclusive: [[Sample.output, Sample.json]]),
            "'--output-dir' is required and exclusive"
        ),
    ])
    func faultsAreFound(command: Command, problem: String) {
        #expect(command.validate().contains("x: \(problem)"), "\(command.validate())")
    }

    @Test func optionOfACommandAboveIsNotShadowed() {
        let inner = Command("y", summary: "Y", options: [Sample.quiet])
        let outer = Command("x", summary: "X", options: [Sample.quiet], subcommands: [inner])
        #expect(outer.validate() == ["x y: '--quiet' is declared twice", "x y: '-q' is declared twice"])
    }

    @Test func lookingUpWhatIsNotDeclaredStops() async {
        await #expect(processExitsWith: .failure) {
            guard case .run(let parsed) = try Sample.zoo.parse(["list"]) else { return }
            _ = parsed[Sample.top]
        }
    }
}
