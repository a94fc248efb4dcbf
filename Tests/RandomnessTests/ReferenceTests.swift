import Foundation
import JSON
import Randomness
import Testing

/// Numbers equal to those that PyTorch, NumPy and SciPy draw.
@Suite struct ReferenceTests {
    /// A generator, its seed, and calls with their results.
    struct Case: CustomTestStringConvertible, Sendable {
        var generator: String
        var seed: Int128
        var calls: [Call]

        var testDescription: String { "\(generator) \(seed) \(calls.map(\.name))" }
    }

    struct Call: Sendable {
        var name: String
        var arguments: [String]
        var places: [Int]
        var values: [String]

        func integer(_ index: Int) throws -> Int { try #require(Int(arguments[index])) }
    }

    static let cases: [Case] = (try? read()) ?? []

    private static func read() throws -> [Case] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("randomness.json")))
        let file = try Config(file: "randomness.json", bytes: bytes)
        return try file.objects("cases", count: 1...1_000).map { item in
            Case(
                generator: try item.string("generator"), seed: try #require(Int128(try item.string("seed"))),
                calls: try item.objects("calls", count: 1...10).map { call in
                    Call(
                        name: try call.string("call"), arguments: try call.strings("arguments", count: 0...3),
                        places: try call.ints("places", count: 0...40, in: 0...100_000),
                        values: try call.strings("values", count: 0...40))
                })
        }
    }

    @Test func casesAreThere() {
        #expect(Self.cases.count > 60)
        #expect(Set(Self.cases.map(\.generator)).count == 3)
    }

    @Test(arguments: cases) func sameNumbers(_ example: Case) throws {
        switch example.generator {
        case "torch-cpu":
            var generator = try TorchGenerator(seed: example.seed)
            for call in example.calls {
                switch call.name {
                // Bit for bit, on either path.
                case "rand": try check(call, try generator.rand(try call.integer(0)).map(Double.init))
                case "randn": try check(call, try generator.randn(try call.integer(0)).map(Double.init), within: 1e-6)
                case "randint":
                    let (low, high) = (try call.integer(0), try call.integer(1))
                    try check(call, try generator.randint(low: low, high: high, count: try call.integer(2)))
                case "inside-out": try check(call, generator.insideOutPermutation(try call.integer(0)))
                default: try check(call, try generator.randperm(try call.integer(0)))
                }
            }
        case "numpy":
            var generator = try NumPyRandomState(seed: example.seed)
            for call in example.calls {
                switch call.name {
                case "normal": try check(call, try generator.randn(try call.integer(0)), within: 1e-14)
                case "uniform": try check(call, try generator.randomSample(try call.integer(0)))
                case "truncated":
                    let bound = try #require(Double(call.arguments[1]))
                    let values = try generator.truncatedNormals(try call.integer(0), bound: bound)
                    try check(call, values.map(Double.init), within: 2.5e-7)
                case "integers":
                    let (low, high) = (try call.integer(0), try call.integer(1))
                    try check(call, try generator.randint(low: low, high: high, count: try call.integer(2)))
                default: try check(call, try generator.permutation(try call.integer(0)))
                }
            }
        default:
            var generator = try NumPyGenerator(seed: example.seed)
            for call in example.calls {
                switch call.name {
                case "normal": try check(call, try generator.standardNormal(try call.integer(0)), within: 1e-14)
                case "uniform": try check(call, try generator.random(try call.integer(0)))
                case "integers":
                    let (low, high) = (try call.integer(0), try call.integer(1))
                    try check(call, try generator.integers(low: low, high: high, count: try call.integer(2)))
                default: try check(call, try generator.permutation(try call.integer(0)))
                }
            }
        }
    }

    private func check(_ call: Call, _ values: [Double], within tolerance: Double = 0) throws {
        #expect(values.count >= call.values.count)
        for (place, text) in zip(call.places, call.values) {
            let expected = try #require(Double(text))
            let isNear = (values[place] - expected).magnitude <= tolerance
            #expect(isNear, "\(call.name) \(call.arguments) [\(place)] is \(values[place]), expected \(text)")
        }
        #expect(values.count == call.places.last.map { $0 + 1 } ?? 0)
    }

    private func check(_ call: Call, _ values: [Int]) throws {
        #expect(call.places.map { "\(values[$0])" } == call.values, "\(call.name) \(call.arguments)")
        #expect(values.count == call.places.last.map { $0 + 1 } ?? 0)
    }

    /// The vectorised path is the same polynomials, fused alike: no last bit differs.
    @Test func vectorisedNormalsAreEqualBitForBit() throws {
        var compared = 0
        for example in Self.cases where example.generator == "torch-cpu" {
            var generator = try TorchGenerator(seed: example.seed)
            guard let call = example.calls.first, call.name == "randn", try call.integer(0) >= 16 else { continue }
            let values = try generator.randn(try call.integer(0))
            for (place, text) in zip(call.places, call.values) {
                #expect(Double(values[place]) == Double(text))
                compared += 1
            }
        }
        #expect(compared > 400)
    }
}
