import Dispatch
import Synchronization
import TensorCore
import TestSupport
import Testing

@Suite struct RuntimeTests {
    /// A small network: two products with activations between them.
    private struct Network: Sendable {
        let first: PackedMatrix
        let second: PackedMatrix

        init(_ tier: Tier) {
            let memory = WeightMemory()
            var random = SeededGenerator(seed: 11)
            func matrix(_ outputs: Int, _ inputs: Int) -> PackedMatrix {
                let matrix = PackedMatrix(outputs: outputs, inputs: inputs, in: memory)
                random.floats(outputs * inputs).withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    matrix.fill(row: 0, count: outputs, taps: 1, from: base, dtype: .float32, tier: tier)
                }
                return matrix
            }
            first = matrix(200, 96)
            second = matrix(64, 200)
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            let hidden = ws.linear(x, first, activation: .gelu)
            return ws.softmax(ws.linear(hidden, second))
        }
    }

    private func input(_ rows: Int = 50, seed: UInt64 = 5) -> Tensor {
        var random = SeededGenerator(seed: seed)
        return Tensor(random.floats(rows * 96), shape: [rows, 96])
    }

    @Test func threads() {
        #expect(Runtime.defaultThreads >= 1)
        #expect(Runtime().threads == min(Runtime.defaultThreads, 256))
        for (asked, given) in [(1, 1), (3, 3), (0, 1), (-5, 1), (.min, 1)] {
            #expect(Runtime(threads: asked).threads == given)
        }
        #expect(Runtime(threads: .max).threads == 256)
    }

    @Test func tiers() {
        #expect(Tier.best.isSupported)
        #expect(Tier.portable.isSupported)
        #expect(Runtime(threads: 1).tier == .best)
        for tier in Tier.allCases {
            let capped = Runtime(threads: 1, tier: tier).tier
            #expect(capped.isSupported && capped <= tier)
            #expect(!tier.isSupported || capped == tier)
            #expect(Tier.best(upTo: tier) == capped)
        }
        #expect(Tier.allCases == [.portable, .neon, .avx2, .avx2VNNI, .avx512, .avx512VNNI, .avx512BF16])
        #expect(Tier.allCases == Tier.allCases.sorted())
    }

    /// NU01
    @Test(arguments: Tier.allCases.filter(\.isSupported))
    func anyNumberOfThreadsGivesTheSameBits(tier: Tier) {
        let network = Network(tier)
        let x = input()
        let expected = Runtime(threads: 1, tier: tier).withWorkspace { ws in network(x, ws).copied().floats }
        for threads in [2, 3, 5, 8, 64] {
            let found = Runtime(threads: threads, tier: tier).withWorkspace { ws in network(x, ws).copied().floats }
            #expect(bitDifference(found, expected) == nil, "\(threads) threads")
        }
        // Row by row it is the same, too.
        let runtime = Runtime(threads: 2, tier: tier)
        let rows = (0..<50).flatMap { row in
            runtime.withWorkspace { ws in network(x.rows(row..<row + 1), ws).copied().floats }
        }
        #expect(bitDifference(rows, expected) == nil)
    }

    @Test func aPassSeenBeforeAllocatesNothing() {
        let runtime = Runtime(threads: 2)
        let network = Network(runtime.tier)
        let x = input()
        func allocations(_ x: Tensor) -> Int {
            runtime.withWorkspace { ws in
                _ = network(x, ws)
                return ws.account.allocations
            }
        }
        #expect(allocations(x) > 0)
        #expect(allocations(x) == 0)
        #expect(allocations(input(20)) == 0)
        runtime.releaseMemory()
        #expect(allocations(x) > 0)
    }

    @Test func whatLeavesAPassKeepsItsValues() {
        let runtime = Runtime(threads: 1)
        let network = Network(runtime.tier)
        let (a, b) = (input(), input(seed: 6))
        let taken = runtime.withWorkspace { ws in network(a, ws) }
        let before = taken.floats
        let other = runtime.withWorkspace { ws in network(b, ws).copied() }
        #expect(bitDifference(taken.floats, before) == nil)
        #expect(bitDifference(taken.floats, other.floats) != nil)
    }

    @Test func inputsAreLeftAlone() {
        let runtime = Runtime(threads: 2)
        let network = Network(runtime.tier)
        let x = input()
        let before = x.floats
        runtime.withWorkspace { ws in
            let y = network(x, ws)
            _ = ws.added(y, y, activation: .relu)
        }
        #expect(bitDifference(x.floats, before) == nil)
    }

    @Test func plans() {
        let runtime = Runtime(threads: 2)
        let network = Network(runtime.tier)
        let x = input()
        let plan = runtime.plan { ws in _ = network(x, ws) }
        #expect(plan.flops == 2 * 50 * (96 * 200 + 200 * 64))
        let account = runtime.withWorkspace { ws in
            _ = network(x, ws)
            return ws.account
        }
        #expect(plan.flops == account.flops)
        #expect(plan.activationBytes == account.activationBytes)
        #expect(plan.allocations == account.allocations)
        #expect(plan.activationBytes >= 50 * 200 * 4)
        #expect(account.seconds.isEmpty && account.calls.isEmpty)
    }

    @Test func profiles() {
        let runtime = Runtime(threads: 1)
        let network = Network(runtime.tier)
        let x = input()
        let account = runtime.withWorkspace(profile: true) { ws in
            _ = network(x, ws)
            return ws.account
        }
        #expect(account.calls == ["linear": 2, "softmax": 1])
        #expect(Set(account.seconds.keys) == ["linear", "softmax"])
        #expect(account.seconds.values.allSatisfy { $0 > 0 && $0 < 60 })
    }

    @Test func manyThreadsOnOneRuntime() {
        let runtime = Runtime(threads: 2)
        let network = Network(runtime.tier)
        let inputs = (0..<4).map { input(10 + 13 * $0, seed: UInt64($0)) }
        let expected = inputs.map { x in runtime.withWorkspace { ws in network(x, ws).copied().floats } }
        let differences = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 200) { iteration in
            let index = iteration % inputs.count
            let found = runtime.withWorkspace { ws in network(inputs[index], ws).copied().floats }
            if bitDifference(found, expected[index]) != nil { differences.withLock { $0 += 1 } }
            if iteration % 50 == 0 { runtime.releaseMemory() }
        }
        #expect(differences.withLock { $0 } == 0)
    }

    @Test func manyRuntimesAtOnce() {
        let network = Network(.best)
        let x = input()
        let expected = Runtime(threads: 1).withWorkspace { ws in network(x, ws).copied().floats }
        let differences = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 16) { iteration in
            let runtime = Runtime(threads: 1 + iteration % 4)
            for _ in 0..<5 {
                let found = runtime.withWorkspace { ws in network(x, ws).copied().floats }
                if bitDifference(found, expected) != nil { differences.withLock { $0 += 1 } }
            }
        }
        #expect(differences.withLock { $0 } == 0)
    }

    @Test func errorsComeThrough() {
        struct Refusal: Error {}
        let runtime = Runtime(threads: 2)
        for _ in 0..<3 {
            #expect(throws: Refusal.self) { try runtime.withWorkspace { _ throws(Refusal) in throw Refusal() } }
        }
        // The runtime is as usable as before.
        let network = Network(runtime.tier)
        #expect(runtime.withWorkspace { ws in network(input(), ws).count } == 50 * 64)
    }

    @Test func emptyInputs() {
        let runtime = Runtime(threads: 2)
        let network = Network(runtime.tier)
        let y = runtime.withWorkspace { ws in network(Tensor(zeros: [0, 96]), ws).copied() }
        #expect(y.shape == [0, 64])
    }

    @Test func peak() {
        let peak = Runtime(threads: 1).measuredPeak()
        #expect(peak > 1e8 && peak < 1e13)
        let start = monotonicSeconds()
        #expect(monotonicSeconds() >= start)
    }
}
