import Arguments
import Testing

@Suite struct HelpTests {
    @Test func subcommandInFull() {
        let expected = """
            Name what pictures show.

            Usage: zoo classify [OPTION...] INPUT...

            Every picture gets the labels that the model finds most likely, best first.
            Pictures are read in the background while others are being worked on.
            A folder is read with everything below it.

            Arguments:
              INPUT  A picture, a folder or -

            Options:
              -m, --model MODEL  The model's name or folder (default tiny)
              -k, --top K        Labels to show (1 to 1000; default 5)
                  --mean MEAN    Mean of a channel (0.0 to 1.0; default 0.5)
                  --threads N    Threads to use (at least 1)
                  --tier TIER    Instruction set to use (portable, avx2, avx512)
                  --order O      An order (portable, avx2, avx512; default avx2)
              -j, --json         Print one JSON object a line (not with --table)
                  --table        Print a table (not with --json)
                  --list FILE    A file of paths
              -q, --quiet        Say nothing but errors
              -h, --help         Show this help
                  --version      Show the version

            Environment:
              NO_COLOR  No colour where it is not empty

            Examples:
              zoo classify -k 3 samples/
                  Three labels for each picture of a folder

            Exit codes:
              0  Everything went well
              2  Wrong usage

            """
        #expect(Sample.zoo.help(for: ["zoo", "classify"]) == expected)
    }

    @Test func topCommand() {
        let expected = """
            Models at work.

            Usage: zoo [OPTION...] SUBCOMMAND

            Subcommands:
              classify     Name what pictures show
              run          Run arrays through a model
              list         List the models: [all] of 'em
              completions  Print completions

            Options:
              -q, --quiet    Say nothing but errors
              -h, --help     Show this help
                  --version  Show the version

            See 'zoo SUBCOMMAND --help' for more on a subcommand.

            """
        #expect(Sample.zoo.help(for: ["zoo"]) == expected)
    }

    @Test func requiredOptionIsInTheUsageLine() {
        let help = Sample.zoo.help(for: ["zoo", "run"])
        #expect(help.contains("Usage: zoo run [OPTION...] --output-dir DIR MODEL [NOTE]\n"))
        #expect(help.contains("Where the results go (required)"))
        #expect(help.contains("An input array (may be repeated)"))
    }

    @Test(arguments: [1, 40, 57, 80, 100, 1000])
    func staysWithinTheColumns(columns: Int) {
        for path in [["zoo"], ["zoo", "classify"], ["zoo", "run"]] {
            for line in Sample.zoo.help(for: path, columns: columns).split(separator: "\n") {
                #expect(line.count <= min(100, max(40, columns)), "\(line)")
                #expect(line.last != " ")
            }
        }
    }

    @Test func hiddenOptionIsNowhere() {
        #expect(!Sample.zoo.help(for: ["zoo", "classify"]).contains("secret"))
        #expect(!Sample.zoo.manualPage(version: "1").contains("secret"))
        for shell in Shell.allCases {
            #expect(!Sample.zoo.completions(for: shell).contains("secret"))
        }
    }
}
