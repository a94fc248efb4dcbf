import Diffusion
import Foundation
import JSON
import Testing

/// A configuration, the scheduler made from it, a run, and what the reference did.
struct SchedulerCase: Sendable, CustomTestStringConvertible {
    /// What became of the reference's run.
    enum Outcome: Sendable, Equatable {
        /// Numbers of every step.
        case trajectory(estimates: Bool)
        /// How many numbers there would be, and the last sample.
        case end(estimates: Bool)
        /// An error.
        case error
        /// Numbers that are not finite.
        case broken
    }

    var config: Config
    var scheduler: SchedulerKind
    var steps: Int
    var start: Int?
    var images: Int
    var eta: Float
    var outcome: Outcome
    /// The reference's numbers.
    var numbers: ArraySlice<Float>

    var testDescription: String {
        let start = start.map { " from \($0)" } ?? ""
        return "\(scheduler.shortName) in \(steps)\(start), eta \(eta): \(JSONValue.object(config.object).serialized())"
    }

    /// The values of a sample: three channels of 1 x 2 an image.
    var size: Int { 6 * images }

    func make() throws(SchedulerError) -> any Scheduler {
        try SchedulerConfiguration(config).makeScheduler(scheduler, steps: steps, eta: eta, images: images)
    }

    /// All of the fixture's.
    static let all: [SchedulerCase] = (try? read()) ?? []
    /// Those of configurations that must work.
    static let sound = all.filter { !$0.isMutation }
    /// Those with one value changed.
    static let mutations = all.filter(\.isMutation)

    private var isMutation: Bool

    private static func read() throws -> [SchedulerCase] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("schedulers.f32")))
        let numbers = stride(from: 0, to: bytes.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) })
        }
        let text = [UInt8](try Data(contentsOf: folder.appendingPathComponent("schedulers.json")))
        let file = try Config(file: "schedulers.json", bytes: text)
        return try file.objects("cases", count: 1...5_000).map { item in
            let estimates = try item.bool("estimates", default: false)
            let isShort = try item.bool("few", default: false)
            var outcome = isShort ? Outcome.end(estimates: estimates) : .trajectory(estimates: estimates)
            if try item.bool("error", default: false) { outcome = .error }
            if try item.bool("broken", default: false) { outcome = .broken }
            let at = try item.int("at", in: 0...numbers.count, default: 0)
            let scheduler = try item.string("scheduler")
            let name = try item.string("of", default: scheduler)
            var object: JSONObject = ["_class_name": .string(name)]
            if try name != SchedulerKind.flowMatchEuler.rawValue && !item.bool("bare", default: false) {
                object["num_train_timesteps"] = 1000
                object["beta_start"] = 0.000_85
                object["beta_end"] = 0.012
            }
            for member in try item.object("config").object.members { object[member.key] = member.value }
            return SchedulerCase(
                config: Config(file: "scheduler_config.json", object: object),
                scheduler: try SchedulerKind(named: scheduler),
                steps: try item.int("steps", in: 1...1_000), start: try item.optionalInt("start", in: 0...1_000),
                images: try item.int("images", in: 1...2, default: 1),
                eta: Float(try item.double("eta", in: 0...1, default: 0)), outcome: outcome,
                numbers: numbers[at..<at + (try item.int("count", in: 0...numbers.count, default: 0))],
                isMutation: try item.bool("mutation", default: false))
        }
    }
}

/// The `index`-th draw of noise; the same function as in the script that makes the fixtures.
func schedulerNoise(_ index: Int, _ count: Int) -> [Float] {
    (0..<count).map { Float(Double(($0 * 29 + index * 53 + 7) % 61 - 30) / 17) }
}

/// The network; the same function as in the script.
func schedulerNetwork(_ sample: [Float], _ timestep: Float) -> [Float] {
    sample.map { Float(tanh(0.7 * Double($0) + 0.001 * Double(timestep))) }
}

/// The numbers of a run, in the order of the fixture.
func schedulerRun(_ example: SchedulerCase, estimates: Bool) throws(SchedulerError) -> [Float] {
    var scheduler = try example.make()
    let first = example.start ?? 0
    let original = schedulerNoise(100, example.size).map { $0 / 2 }
    let noised = scheduler.addNoise(to: original, noise: schedulerNoise(101, example.size), at: first)
    let scale = scheduler.initialNoiseScale
    var sample = example.start == nil ? schedulerNoise(0, example.size).map { $0 * scale } : noised
    var numbers = scheduler.timesteps + [scale] + noised
    var draws = 0
    for index in first..<scheduler.timesteps.count {
        var seen = sample
        scheduler.scaleInput(&seen, at: index)
        let prediction = schedulerNetwork(seen, scheduler.timesteps[index])
        let estimate = scheduler.step(prediction: prediction, at: index, sample: &sample) {
            draws += 1
            return schedulerNoise(draws, example.size)
        }
        numbers += sample
        if estimates { numbers += estimate }
    }
    return numbers
}
