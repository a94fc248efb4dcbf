import Diffusion
import JSON
import Testing

/// Schedulers equal to the reference's after every step.
@Suite struct TrajectoryTests {
    @Test func casesAreThere() {
        #expect(SchedulerCase.sound.count > 400)
        #expect(SchedulerCase.mutations.count > 600)
        #expect(Set(SchedulerCase.sound.map(\.scheduler)) == Set(SchedulerKind.allCases))
    }

    @Test(arguments: SchedulerKind.allCases) func sameSamples(_ kind: SchedulerKind) throws {
        for example in SchedulerCase.sound where example.scheduler == kind {
            do {
                if let problem = try Self.problem(example) { Issue.record("\(example.testDescription): \(problem)") }
            } catch { Issue.record("\(example.testDescription): \(error)") }
        }
    }

    /// A changed value is refused with a message that names the key, or followed as the reference follows it.
    @Test(arguments: SchedulerKind.allCases) func changedValues(_ kind: SchedulerKind) throws {
        var followed = 0
        for example in SchedulerCase.mutations where example.scheduler == kind {
            do {
                if let problem = try Self.problem(example) { Issue.record("\(example.testDescription): \(problem)") }
                followed += 1
            } catch let error as SchedulerError {
                let text = error.description
                let isNamed = example.config.keys.contains { text.contains($0) } || text.contains("timestep_spacing")
                let isOfSteps = if case .steps = error { true } else { false }
                #expect(isNamed || isOfSteps, "\(example.testDescription): \(text)")
            }
        }
        #expect(followed > 10)
    }

    /// What differs from the reference; `nil` where nothing does.
    private static func problem(_ example: SchedulerCase) throws -> String? {
        switch example.outcome {
        case .error:
            _ = try schedulerRun(example, estimates: false)
            return "the reference refuses"
        case .broken:
            let numbers = try schedulerRun(example, estimates: false)
            return numbers.allSatisfy(\.isFinite) ? "the reference's numbers are not finite" : nil
        case .end(let estimates):
            let numbers = try schedulerRun(example, estimates: estimates)
            guard Float(numbers.count) == example.numbers.first else { return "\(numbers.count) numbers" }
            let end = numbers.dropLast(estimates ? example.size : 0).suffix(example.size)
            return difference(Array(end), Array(example.numbers.dropFirst()))
        case .trajectory(let estimates):
            let numbers = try schedulerRun(example, estimates: estimates)
            let expected = Array(example.numbers)
            guard numbers.count == expected.count else {
                return "\(numbers.count) numbers, expected \(expected.count)"
            }
            let timesteps = try example.make().timesteps.count
            if let problem = difference(Array(numbers[..<timesteps]), Array(expected[..<timesteps])) {
                return "timesteps: \(problem)"
            }
            // The noise scale, then a sample at a time.
            var place = timesteps
            while place < numbers.count {
                let next = place == timesteps ? place + 1 : place + example.size
                if let problem = difference(Array(numbers[place..<next]), Array(expected[place..<next])) {
                    return "after \((place - timesteps) / example.size) samples: \(problem)"
                }
                place = next
            }
            return nil
        }
    }

    /// Equal is: to 1e-5 of the reference's largest magnitude, and of 1 where that is less.
    private static func difference(_ found: [Float], _ expected: [Float]) -> String? {
        let scale = expected.reduce(1) { max($0, $1.magnitude) }
        for (index, (value, reference)) in zip(found, expected).enumerated() {
            guard (value - reference).magnitude <= 1e-5 * scale else {
                return "[\(index)] is \(value), expected \(reference), of \(scale)"
            }
        }
        return nil
    }
}
