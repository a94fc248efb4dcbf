import Arguments
import Glibc
import Testing

@testable import ZooCommand

@Suite struct FormatTests {
    @Test(arguments: [
        (0.0, 1, "0.0"), (12.345, 1, "12.3"), (0.05, 1, "0.1"), (-0.04, 1, "0.0"), (-1.25, 1, "-1.3"),
        (1.005, 3, "1.005"), (999.999, 2, "1000.00"), (7, 0, "7"), (1e300, 1, "1e+300"), (.nan, 1, "nan"),
        (-.infinity, 1, "-inf"),
    ])
    func decimal(value: Double, digits: Int, expected: String) {
        #expect(Format.decimal(value, digits) == expected)
    }

    @Test(arguments: [
        (0.0, "0"), (999, "999"), (0.5, "0.5"), (999.7, "1.0 k"), (1000, "1.0 k"), (25_557_032, "25.6 M"),
        (999_949, "999.9 k"), (999_960, "1.0 M"), (8.2e9, "8.2 G"), (2e21, "2000.0 E"), (-1500, "-1.5 k"),
    ])
    func count(value: Double, expected: String) {
        #expect(Format.count(value) == expected)
    }

    @Test func unitsFollowThePrefix() {
        #expect(Format.count(8.2e9, unit: "FLOP") == "8.2 GFLOP")
        #expect(Format.count(12, unit: "FLOP") == "12 FLOP")
        #expect(Format.bytes(0) == "0 B")
        #expect(Format.bytes(97_500_000) == "97.5 MB")
        #expect(Format.bytes(.max) == "9.2 EB")
        #expect(Format.percent(0.93444) == "93.4 %")
    }

    @Test(arguments: [
        (0.0, "0 ns"), (850e-9, "850 ns"), (999.6e-9, "1.0 µs"), (12.3e-3, "12.3 ms"), (0.99996, "1.0 s"),
        (4.2, "4.2 s"), (59.96, "1 min 0 s"), (80, "1 min 20 s"), (3599.6, "1 h 0 min"), (7500, "2 h 5 min"),
        (1e300, "1e+300 s"), (.infinity, "inf s"),
    ])
    func duration(seconds: Double, expected: String) {
        #expect(Format.duration(seconds: seconds) == expected)
    }
}

@Suite struct TerminalTests {
    private let modern = ["TERM": "xterm", "LANG": "de_DE.UTF-8"]

    @Test func colourIsForAPersonWhoWantsIt() {
        func colour(_ extra: [String: String], isInteractive: Bool = true, isQuiet: Bool = false) -> Bool {
            let environment = modern.merging(extra) { $1 }
            return Terminal(isInteractive: isInteractive, width: 90, environment: environment, isQuiet: isQuiet)
                .usesColour
        }
        #expect(colour([:]))
        #expect(colour(["NO_COLOR": ""]))
        #expect(!colour(["NO_COLOR": "1"]))
        #expect(!colour(["TERM": "dumb"]))
        #expect(!colour(["TERM": ""]))
        #expect(!colour([:], isQuiet: true))
        #expect(!colour([:], isInteractive: false))
    }

    @Test func widthAndEncoding() {
        func terminal(_ environment: [String: String], width: Int?) -> Terminal {
            Terminal(isInteractive: true, width: width, environment: environment)
        }
        #expect(terminal([:], width: 90).columns == 90)
        #expect(terminal(["COLUMNS": "132"], width: 90).columns == 132)
        #expect(terminal(["COLUMNS": "wide"], width: 0).columns == 80)
        #expect(terminal(["COLUMNS": "99999"], width: nil).columns == 80)
        #expect(terminal(["LANG": "C.utf8"], width: 80).usesUnicode)
        #expect(!terminal(["LANG": "C.utf8", "LC_ALL": "C"], width: 80).usesUnicode)
        #expect(!terminal([:], width: 80).usesUnicode)
    }

    @Test func styleOnlyWithColour() {
        #expect(
            Terminal(isInteractive: true, width: 80, environment: modern).styled("x", .red) == "\u{1B}[31mx\u{1B}[0m")
        #expect(Terminal(isInteractive: false, width: 80, environment: modern).styled("x", .red) == "x")
    }

    @Test func aFileIsNoTerminal() throws {
        let descriptor = open("/dev/null", O_WRONLY)
        defer { close(descriptor) }
        let terminal = Terminal(descriptor: descriptor, environment: modern)
        #expect(!terminal.isInteractive)
        #expect(terminal.columns == 80)
    }
}

@Suite struct WritingTests {
    /// OS02
    @Test func aFullDeviceIsAnError() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        defer { close(descriptor) }
        let error = #expect(throws: OutputError.self) {
            try writeAll("x".utf8, to: descriptor, called: "standard output")
        }
        #expect(error == .failed(to: "standard output", code: ENOSPC))
        #expect(error?.exitCode.rawValue == 74)
        #expect(error?.description == "cannot write to standard output: No space left on device")
        let lines = Lines(descriptor: descriptor, flushesEachLine: false)
        try lines.write("kept back")
        #expect(throws: OutputError.self) { try lines.flush() }
    }

    /// OS01
    @Test func aPipeWithoutAReaderIsToldApart() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ignoreBrokenPipes()
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { exit(1) }
            close(ends[0])
            do throws(OutputError) {
                try writeAll("x".utf8, to: ends[1], called: "pipe")
            } catch {
                exit(error == .readerGone ? 0 : 2)
            }
        }
        await #expect(processExitsWith: .signal(SIGPIPE)) {
            ignoreBrokenPipes()
            endAsBrokenPipe()
        }
    }

    /// Sends the process a signal and waits for it to arrive: the thread of a test may keep signals back, so another
    /// thread may be the one to take it.
    private static func send(_ number: Int32) {
        kill(getpid(), number)
        for _ in 0..<5000 where Interruption.exitCode == nil {
            usleep(1000)
        }
    }

    /// OS05
    @Test func theFirstSignalAsksTheSecondEnds() async {
        await #expect(processExitsWith: .exitCode(130)) {
            Interruption.install()
            guard Interruption.exitCode == nil else { exit(1) }
            WritingTests.send(SIGINT)
            exit(Interruption.exitCode?.rawValue ?? 2)
        }
        await #expect(processExitsWith: .exitCode(143)) {
            Interruption.install()
            WritingTests.send(SIGTERM)
            exit(Interruption.exitCode?.rawValue ?? 2)
        }
        await #expect(processExitsWith: .signal(SIGINT)) {
            Interruption.install()
            WritingTests.send(SIGINT)
            WritingTests.send(SIGINT)
            sleep(5)
            exit(1)
        }
    }

    /// What has reached a file, write by write, cannot be seen; what has reached it so far can.
    @Test func onlyWholeLinesGoOut() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        func arrived() -> String {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(ends[0], &buffer, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        let lines = Lines(descriptor: ends[1], flushesEachLine: false, capacity: 10)
        try lines.write("1234")
        #expect(arrived() == "")
        try lines.write("5678")
        #expect(arrived() == "1234\n5678\n")
        try lines.write("123456")
        try lines.write("abcd")
        #expect(arrived() == "123456\n")
        try lines.flush()
        #expect(arrived() == "abcd\n")
        try lines.write("a line longer than the buffer")
        #expect(arrived() == "a line longer than the buffer\n")
        let eager = Lines(descriptor: ends[1], flushesEachLine: true)
        try eager.write("now")
        #expect(arrived() == "now\n")
    }

    @Test func exitCodesAreExplained() {
        #expect(ExitCode.allCases.map(\.rawValue) == [0, 2, 65, 66, 69, 70, 74, 130, 143])
        let command = Command("x", summary: "X", exitCodes: ExitCode.entries)
        #expect(command.validate() == [])
    }
}

/// A clock that is set by hand, and what was written.
private final class Stage {
    var time = 100.0
    var written: [String] = []

    func progress(
        total: Int?, isInteractive: Bool = true, isQuiet: Bool = false, columns: Int = 80
    ) -> ProgressLine {
        let terminal = Terminal(isInteractive: isInteractive, width: columns, environment: [:])
        return ProgressLine(
            "classify", total: total, terminal: terminal, isQuiet: isQuiet, now: { self.time },
            sink: { self.written.append($0) })
    }
}

@Suite struct ProgressTests {
    @Test func appearsWhenTheWorkWillTakeLongAndGoesAtTheEnd() {
        let stage = Stage()
        let progress = stage.progress(total: 1000)
        stage.time += 0.05
        progress.advance()
        #expect(stage.written == [])
        stage.time += 0.95
        progress.advance(by: 99)
        #expect(stage.written == ["\rclassify  100/1000  100/s  9 s left\u{1B}[K"])
        stage.time += 0.05
        progress.advance()
        #expect(stage.written.count == 1)
        stage.time += 0.95
        progress.advance(by: 99)
        #expect(stage.written.last == "\rclassify  200/1000  100/s  8 s left\u{1B}[K")
        progress.finish()
        #expect(stage.written.last == "\r\u{1B}[K")
        progress.finish()
        #expect(stage.written.count == 3)
    }

    @Test func shortWorkShowsNothing() {
        let stage = Stage()
        let progress = stage.progress(total: 10)
        for _ in 0..<10 {
            stage.time += 0.15
            progress.advance()
        }
        progress.finish()
        #expect(stage.written == [])
    }

    @Test func unknownTotalWaitsTwoSeconds() {
        let stage = Stage()
        let progress = stage.progress(total: nil)
        stage.time += 1.9
        progress.advance(by: 19)
        #expect(stage.written == [])
        stage.time += 0.6
        progress.advance()
        #expect(stage.written == ["\rclassify  20  8/s\u{1B}[K"])
    }

    @Test func tenTimesASecondAtMost() {
        let stage = Stage()
        let progress = stage.progress(total: nil)
        for _ in 0..<4000 {
            stage.time += 0.001
            progress.advance()
        }
        #expect((15...21).contains(stage.written.count), "\(stage.written.count)")
    }

    @Test func silentWhereNobodyLooks() {
        for (isInteractive, isQuiet) in [(false, false), (true, true)] {
            let stage = Stage()
            let progress = stage.progress(total: 10, isInteractive: isInteractive, isQuiet: isQuiet)
            stage.time += 5
            progress.advance()
            progress.message("zoo: a.png: broken")
            progress.finish()
            #expect(stage.written == ["zoo: a.png: broken\n"])
        }
    }

    @Test func messagesStandOnLinesOfTheirOwn() {
        let stage = Stage()
        let progress = stage.progress(total: 10, columns: 20)
        stage.time += 5
        progress.advance()
        progress.message("broken")
        let line = "\rclassify  1/10  ...\u{1B}[K"
        #expect(stage.written == [line, "\r\u{1B}[K", "broken\n", line])
    }
}

@Suite struct TableTests {
    @Test(arguments: [
        ("abc", 3), ("é", 1), ("e\u{301}", 1), ("猫", 2), ("ｶ", 1), ("Ａ", 2), ("한", 2), ("🦓", 2), ("👨‍👩‍👧", 2), ("🇩🇪", 2),
        ("❤️", 2), ("…", 1), ("█", 1), ("", 0),
    ])
    func width(text: String, cells: Int) {
        #expect(displayWidth(text) == cells)
    }

    @Test func cutting() {
        #expect(truncated("zebra", to: 5) == "zebra")
        #expect(truncated("zebra", to: 4) == "zeb…")
        #expect(truncated("猫猫猫", to: 4) == "猫…")
        #expect(truncated("zebra", to: 4, ellipsis: "...") == "z...")
        #expect(truncated("zebra", to: 2, ellipsis: "...") == "..")
        #expect(truncated("zebra", to: 0) == "")
    }

    private func table(usesUnicode: Bool, hasHeader: Bool = true) -> Table {
        var table = Table(
            [.init("Input", isElastic: true), .init("Label"), .init("Score", .right)], hasHeader: hasHeader,
            usesUnicode: usesUnicode)
        table.add(["pictures/zebra-in-the-grass.png", "zebra", "99.1 %"])
        table.add(["猫.png", "cat\u{1B}[2J", "8.0 %", "extra"])
        table.add(["x"])
        return table
    }

    @Test func columnsAreAligned() {
        #expect(
            table(usesUnicode: true).lines() == [
                "Input                            Label          Score",
                "───────────────────────────────  ────────────  ──────",
                "pictures/zebra-in-the-grass.png  zebra         99.1 %",
                "猫.png                           cat\\u{1b}[2J   8.0 %",
                "x",
            ])
        #expect(table(usesUnicode: false, hasHeader: false).lines().count == 3)
    }

    @Test func elasticColumnGivesWay() {
        let lines = table(usesUnicode: true).lines(width: 40)
        #expect(lines.allSatisfy { displayWidth($0) <= 40 })
        #expect(lines[2] == "pictures/zebra-in…  zebra         99.1 %")
        let ascii = table(usesUnicode: false).lines(width: 10)
        #expect(ascii[2] == "pictur..  zebra         99.1 %")
        #expect(ascii[1] == "--------  ------------  ------")
    }

    @Test(arguments: [
        (0.0, "    ", "    "), (1, "████", "####"), (0.5, "██  ", "##  "), (0.28125, "█▏  ", "#   "),
        (2, "████", "####"),
        (-1, "    ", "    "), (.nan, "    ", "    "), (0.97, "███▉", "####"),
    ])
    func bar(fraction: Double, blocks: String, ascii: String) {
        #expect(Bar.draw(fraction, width: 4, usesUnicode: true) == blocks)
        #expect(Bar.draw(fraction, width: 4, usesUnicode: false) == ascii)
        #expect(Bar.draw(fraction, width: 0, usesUnicode: true) == "")
    }
}
