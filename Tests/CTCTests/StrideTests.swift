import CTC
import JSON
import TestSupport
import Testing

/// Chunks and the frames they keep, as the pipeline's `chunk_iter` and `rescale_stride` give them.
@Suite struct StrideTests {
    private func rule(_ entry: JSONValue) throws -> StrideRule {
        try StrideRule(
            chunkSeconds: entry["chunk"]?.doubleValue ?? 0, leftSeconds: entry["left"]?.doubleValue ?? 0,
            rightSeconds: entry["right"]?.doubleValue ?? 0, rate: entry["rate"]?.intValue ?? 0,
            ratio: entry["ratio"]?.intValue ?? 0)
    }

    @Test func thePipelinesChunks() throws {
        let cases = try CTCFixtures.read("pipeline.json")["strides"]?.list ?? []
        #expect(cases.count == 56)
        for entry in cases {
            let rule = try rule(entry)
            let chunks = rule.chunks(samples: entry["samples"]?.intValue ?? 0)
            let found = chunks.map { chunk -> [Int] in
                let frames = max(0, (chunk.count - 400) / rule.ratio + (chunk.count < 400 ? 0 : 1))
                let kept = rule.keptFrames(of: chunk, frames: frames)
                return [
                    chunk.start, chunk.count, chunk.left, chunk.right, frames, kept.isEmpty ? 0 : kept.lowerBound,
                    kept.count,
                ]
            }
            #expect(found == (entry["chunks"]?.list ?? []).map(\.ints), "\(rule)")
        }
    }

    /// Blocks of any size give the chunks of the whole, with their samples.
    @Test func samplesThatArriveInBlocks() throws {
        var random = SeededGenerator(seed: 6)
        let rule = try StrideRule(chunkSeconds: 0.1, leftSeconds: 0.02, rightSeconds: 0.04, rate: 1000, ratio: 10)
        for samples in [0, 1, 99, 100, 101, 140, 141, 777, 2000] {
            let all = (0..<samples).map { Float($0) }
            var chunks = ChunkedSamples(rule)
            var found: [StrideRule.Chunk] = []
            func drain() {
                while let (chunk, samples) = chunks.next() {
                    found.append(chunk)
                    #expect(samples == Array(all[chunk.start..<chunk.start + chunk.count]))
                }
            }
            var start = 0
            while start < samples {
                let end = min(samples, start + Int.random(in: 1...250, using: &random))
                chunks.append(all[start..<end])
                drain()
                start = end
            }
            chunks.finish()
            drain()
            #expect(found == rule.chunks(samples: samples))
        }
    }

    /// The kept frames of one chunk end where those of the next begin.
    @Test func keptFramesMeet() throws {
        let rule = try StrideRule(chunkSeconds: 2, strideSeconds: 0.3, rate: 16000, ratio: 320)
        var next = 0
        for chunk in rule.chunks(samples: 200_000) {
            let kept = rule.keptFrames(of: chunk, frames: (chunk.count - 400) / 320 + 1)
            #expect(rule.firstFrame(of: chunk) + kept.lowerBound == next)
            next = rule.firstFrame(of: chunk) + kept.upperBound
        }
        #expect(next == (200_000 - 400) / 320 + 1)
    }

    @Test(arguments: [
        (0.0, 0.0, 0.0, 16000, 320), (1, 0.5, 0.5, 16000, 320), (-1, 0, 0, 16000, 320), (1, -0.1, 0, 16000, 320),
        (.nan, 0, 0, 16000, 320), (1, .infinity, 0, 16000, 320), (1e30, 0, 0, 16000, 320), (1, 0, 0, 0, 320),
        (1, 0, 0, 16000, 0), (0.001, 0, 0, 16000, 320),
    ])
    func refusesWhatLeavesNothing(_ chunk: Double, _ left: Double, _ right: Double, _ rate: Int, _ ratio: Int) {
        #expect(throws: CTCError.self) {
            try StrideRule(chunkSeconds: chunk, leftSeconds: left, rightSeconds: right, rate: rate, ratio: ratio)
        }
    }
}
