import Foundation
import JSON
import TestSupport
import Testing

/// `zoo bench`, alone and as a worker.
@Suite struct BenchTests {
    private let model = ZooBinary.fixture("transformers-resnet-basic")

    @Test func jsonHasEveryFigure() throws {
        let run = try ZooBinary.run([
            "bench", model, "--case", "b2", "--iterations", "7", "--threads", "2", "--json", "--profile",
        ])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.lines.count == 1)
        let report = try JSONValue.parse(run.output)
        let keys = [
            "model", "case", "batch", "threads", "tier", "load_ms", "median_ms", "min_ms", "max_ms", "iterations",
            "gflop",
            "gflops", "peak_rss_mb",
        ]
        for key in keys { #expect(report[key] != nil && report[key]?.isNull == false, "\(key)") }
        #expect(report["model"]?.stringValue == model)
        #expect(report["case"]?.stringValue == "b2")
        #expect(report["threads"]?.intValue == 2)
        #expect(report["iterations"]?.intValue == 7)
        #expect(report["allocations"]?.intValue == 0, "the last pass allocates nothing")
        let times = try ["min_ms", "median_ms", "max_ms"].map { try #require(report[$0]?.doubleValue) }
        #expect(times[0] > 0 && times == times.sorted())
        let peak = try #require(report["peak_share"]?.doubleValue)
        #expect(peak > 0 && peak < 1)
        let memory = try #require(report["peak_rss_mb"]?.doubleValue)
        #expect(memory > 1 && memory < 4000)
        #expect((report["activations_mb"]?.doubleValue ?? 0) > 0)
        #expect((report["scratch_mb"]?.doubleValue ?? 0) > 0)
        let kinds = try #require(report["profile"]?.arrayValue)
        #expect(kinds.contains { $0["kind"]?.stringValue == "linear" && $0["calls"]?.intValue == 1 })
        let parts = kinds.compactMap { $0["ms"]?.doubleValue }
        #expect(parts == parts.sorted(by: >))
    }

    @Test func madeUpInputsHaveTheWantedBatchAndSize() throws {
        let run = try ZooBinary.run(["bench", model, "--batch", "3", "--size", "40x48", "--seconds", "0", "--json"])
        #expect(run.code == 0, "\(run.errors)")
        let report = try JSONValue.parse(run.output)
        #expect(report["shape"]?.arrayValue?.compactMap(\.intValue) == [3, 3, 40, 48])
        #expect(report["batch"]?.intValue == 3)
        #expect(report["case"]?.isNull == true)
        // Twice the images are twice the operations.
        let double = try ZooBinary.run(["bench", model, "--batch", "6", "--size", "40x48", "-n", "1", "--json"])
        let (three, six) = (
            report["gflop"]?.doubleValue ?? 0, try JSONValue.parse(double.output)["gflop"]?.doubleValue ?? 0
        )
        #expect(three > 0 && abs(six / three - 2) < 0.01)
    }

    @Test func theTierCanBeCapped() throws {
        let run = try ZooBinary.run(
            ["bench", model, "-n", "1", "--json"], environment: ["ZOO_TIER": "portable"])
        #expect(try JSONValue.parse(run.output)["tier"]?.stringValue == "portable")
    }

    @Test func tablesAreForPeople() throws {
        let run = try ZooBinary.run(["bench", model, "-n", "3", "--profile", "-t", "1"])
        #expect(run.code == 0)
        #expect(run.lines.contains { $0.hasPrefix("Latency") && $0.contains("of 3 passes") })
        #expect(run.lines.contains { $0.hasPrefix("Speed") && $0.contains("of the measured peak") })
        #expect(run.lines.contains { $0.hasPrefix("Operation ") && $0.contains("Share") })
    }

    @Test func theBalanceOfThreadsIsCounted() throws {
        let run = try ZooBinary.run(["bench", model, "--batch", "2", "--balance", "1,8,64", "--profile", "--json"])
        #expect(run.code == 0, "\(run.errors)")
        let report = try JSONValue.parse(run.output)
        #expect(report["shapes"]?.arrayValue?.first?.arrayValue?.first?.intValue == 2)
        let balances = try #require(report["balances"]?.arrayValue)
        #expect(balances.compactMap { $0["threads"]?.intValue } == [1, 8, 64])
        let ratios = balances.compactMap { $0["balance"]?.doubleValue }
        #expect(ratios.first == 1 && ratios.allSatisfy { $0 > 0 && $0 <= 1 })
        for balance in balances {
            let kinds = try #require(balance["kinds"]?.arrayValue)
            let cycles = kinds.compactMap { $0["cycles"]?.doubleValue }
            #expect(cycles == cycles.sorted(by: >))
            #expect(abs(cycles.reduce(0, +) - (balance["cycles"]?.doubleValue ?? 0)) <= Double(cycles.count))
            #expect(kinds.compactMap { $0["jobs"]?.intValue }.reduce(0, +) == balance["jobs"]?.intValue)
            let (mean, most) = (balance["touched_mean"]?.doubleValue ?? 0, balance["touched_most"]?.doubleValue ?? 0)
            #expect(mean > 0 && most >= mean)
        }
        let table = try ZooBinary.run(["bench", model, "--balance", "8"])
        #expect(table.code == 0 && table.lines.count == 3 && table.lines[0].hasPrefix("Threads  Balance"))
    }

    @Test func wrongUsage() throws {
        for (words, part) in [
            ([], "missing argument MODEL"), ([model, "--size", "0x4"], "is not HEIGHTxWIDTH"),
            ([model, "--size", "4"], "is not HEIGHTxWIDTH"), ([model, "--balance", "8,"], "each 1 to 256"),
            ([model, "--balance", "257"], "each 1 to 256"), ([model, "--balance", "8", "-n", "1"], "--iterations"),
            ([model, "--case", "b1", "--batch", "2"], "--batch"),
        ] {
            let run = try ZooBinary.run(["bench"] + words)
            #expect(run.code == 2 && run.errors.contains(part), "\(words): \(run.errors)")
        }
        let unknown = try ZooBinary.run(["bench", model, "--case", "b9"])
        #expect(unknown.code == 69 && unknown.errors.contains("there are b1, b2"))
        let small = try ZooBinary.run(["bench", ZooBinary.fixture("transformers-vit"), "--size", "1x1"])
        #expect(small.code == 65, "\(small.errors)")
    }

    @Test func theWorkerAnswersEveryRequest() throws {
        let requests = [
            #"{"op":"run","case":"b1","n":2}"#, #"{"op":"prep","case":"b1"}"#, #"{"op":"run","case":"b1","n":5}"#,
            #"{"op":"prep","case":"b9"}"#, "nonsense", #"{"op":"run","case":"b1","n":-1}"#,
            #"{"op":"dance","case":"b1"}"#,
            #"{"op":"free","case":"b1"}"#, #"{"op":"run","case":"b1","n":1}"#, #"{"op":"quit"}"#,
            #"{"op":"prep","case":"b1"}"#,
        ]
        let run = try ZooBinary.run(
            ["bench", "--worker"], input: requests.joined(separator: "\n") + "\n",
            environment: ["BENCH_MODEL": "tiny", "BENCH_CKPT": model, "BENCH_THREADS": "2"])
        #expect(run.code == 0, "\(run.errors)")
        let answers = try run.lines.map { line in try JSONValue.parse(line) }
        #expect(answers.count == 9, "nothing is answered after quit")
        guard answers.count == 9 else { return }
        #expect(
            answers[0]["ok"]?.boolValue == false && answers[0]["error"]?.stringValue?.contains("not prepared") == true)
        #expect(answers[1]["ok"]?.boolValue == true)
        let errors = try ["max_abs_err", "rel_rms_err"].map { try #require(answers[1][$0]?.doubleValue) }
        #expect(errors.allSatisfy { $0 >= 0 && $0 < 1e-4 })
        #expect((answers[1]["rss_peak_mb"]?.intValue ?? 0) > 0 && (answers[1]["prep_s"]?.doubleValue ?? 0) > 0)
        let times = answers[2]["times"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        #expect(times.count == 5 && times.allSatisfy { $0 > 0 })
        for index in 3...6 {
            #expect(answers[index]["ok"]?.boolValue == false && answers[index]["error"]?.stringValue != nil, "\(index)")
        }
        #expect(answers[3]["error"]?.stringValue?.contains("there are b1, b2") == true)
        #expect(answers[7]["ok"]?.boolValue == true)
        #expect(answers[8]["ok"]?.boolValue == false, "a freed case is gone")
    }

    @Test func aWorkerWithoutAModelSaysWhatItNeeds() throws {
        #expect(try ZooBinary.run(["bench", "--worker"], environment: ["BENCH_CKPT": ""]).code == 2)
        #expect(
            try ZooBinary.run(["bench", "--worker"], environment: ["BENCH_CKPT": model, "BENCH_THREADS": "many"]).code
                == 2)
        let run = try ZooBinary.run(
            ["bench", "--worker"], input: #"{"op":"prep","case":"b1"}"#,
            environment: ["BENCH_CKPT": ZooBinary.fixture("none"), "BENCH_THREADS": "1"])
        #expect(run.code == 0)
        #expect(try JSONValue.parse(run.output)["ok"]?.boolValue == false)
    }
}
