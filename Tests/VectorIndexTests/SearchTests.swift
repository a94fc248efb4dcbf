import TensorCore
import TestSupport
import Testing

@testable import VectorIndex

@Suite struct SearchTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func index(
        _ fixture: VectorFixture, threads: Int = 2, tier: Tier? = nil
    ) throws -> VectorIndex {
        let path = folder.path("a.index")
        try fixture.write(to: path)
        return try VectorIndex(IndexFile(path), runtime: Runtime(threads: threads, tier: tier))
    }

    @Test(arguments: [(1, 1), (1, 7), (31, 16), (32, 33), (33, 3), (1000, 24), (5000, 64)])
    func theBestInDoublePrecision(count: Int, width: Int) throws {
        let fixture = VectorFixture(count: count, width: width)
        let index = try index(fixture)
        #expect(index.entries == fixture.entries && index.description == fixture.description)
        for number in [0, count / 2, count - 1] {
            let query = fixture.rows[number].enumerated().map {
                ($0.element * 3 + Float($0.offset % 3) * 0.01)
            }
            let hits = try index.search(query, top: 10)
            let expected = expectedHits(fixture.rows, query: query, top: 10)
            #expect(hits.count == min(10, count))
            for (hit, reference) in zip(hits, expected) {
                #expect(abs(Double(hit.score) - reference.score) < 1e-5)
                // Scores that differ by less than rounding may change places.
                #expect(hit.entry == reference.entry || abs(Double(hit.score) - reference.score) < 1e-6)
            }
            #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
        }
    }

    @Test func neitherThreadsNorTiersMatter() throws {
        let fixture = VectorFixture(count: 3000, width: 48, seed: 9)
        let query = VectorFixture(count: 1, width: 48, seed: 77).rows[0]
        let tiers = Tier.allCases.filter { $0 == Tier.best(upTo: $0) }
        for tier in tiers {
            let reference = try index(fixture, threads: 1, tier: tier).search(query, top: 50)
            for threads in [2, 3, 5] {
                #expect(
                    try index(fixture, threads: threads, tier: tier).search(query, top: 50) == reference)
            }
        }
    }

    @Test func equalScoresInTheOrderOfEntries() throws {
        let one = VectorFixture(count: 1, width: 8)
        let many = VectorFixture(count: 200, width: 8)
        let path = folder.path("same.index")
        var writer = try IndexWriter(path, description: many.description, entries: many.entries)
        for _ in 0..<200 { try writer.append(one.rows[0]) }
        try writer.finish()
        let index = try VectorIndex(IndexFile(path), runtime: Runtime(threads: 2))
        #expect(try index.search(one.rows[0], top: 7).map(\.entry) == Array(0..<7))
        #expect(try index.search(one.rows[0], top: 1000).map(\.entry) == Array(0..<200))
    }

    @Test func queriesThatDoNotFit() throws {
        let index = try index(VectorFixture(count: 4, width: 3))
        for query in [[], [1, 2], [1, 2, 3, 4], [0, 0, 0], [.nan, 0, 1], [.infinity, 0, 1]] as [[Float]] {
            #expect(throws: VectorIndexError.self) { try index.search(query, top: 1) }
        }
        #expect(try index.search([1, 2, 3], top: 0).isEmpty)
        // The length of a query does not matter, be it ever so small or large.
        let reference = try index.search([1, 2, 3], top: 4)
        for factor in [1e-30, 1e30] as [Float] {
            #expect(
                try index.search([factor, 2 * factor, 3 * factor], top: 4).map(\.entry)
                    == reference.map(\.entry))
        }
    }

    @Test func anEmptyIndex() throws {
        let index = try index(VectorFixture(count: 0, width: 5))
        #expect(index.entries.isEmpty)
        #expect(try index.search([1, 2, 3, 4, 5], top: 3).isEmpty)
    }

    @Test func theBestOfScores() {
        var state: UInt64 = 3
        for count in [0, 1, 2, 10, 500] {
            let scores = (0..<count).map { _ -> Float in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Float(state >> 60)
            }
            let order = scores.indices.sorted {
                scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
            }
            for top in [0, 1, 3, 64, 1000] {
                let found = scores.withUnsafeBufferPointer { best(of: $0, top: top) }
                #expect(found.map(\.entry) == Array(order.prefix(top)))
            }
        }
        let withNaN: [Float] = [.nan, 1, .nan, 3, 2]
        #expect(withNaN.withUnsafeBufferPointer { best(of: $0, top: 5) }.map(\.entry) == [3, 4, 1])
    }
}
