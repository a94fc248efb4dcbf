import Diffusion
import JSON
import Testing

/// `scheduler_config.json` as it is written, names, limits, and what is said where something is wrong.
@Suite struct ConfigurationTests {
    private func configuration(_ text: String) throws(SchedulerError) -> SchedulerConfiguration {
        try SchedulerConfiguration(file: "scheduler_config.json", bytes: Array(text.utf8))
    }

    private func message(_ text: String, _ kind: SchedulerKind? = nil, steps: Int = 10) -> String {
        do {
            _ = try configuration(text).makeScheduler(kind, steps: steps)
            return "no error"
        } catch { return error.description }
    }

    @Test func namesOfSchedulers() throws {
        for kind in SchedulerKind.allCases {
            #expect(try SchedulerKind(named: kind.rawValue) == kind)
            #expect(try SchedulerKind(named: kind.shortName) == kind)
        }
        for name in ["", "DDPM", "dpm++", "DEISMultistepScheduler", "ddpm\0"] {
            let error = #expect(throws: SchedulerError.unknown(name)) { try SchedulerKind(named: name) }
            for kind in SchedulerKind.allCases { #expect(error?.description.contains(kind.shortName) == true) }
        }
    }

    @Test func filesThatCannotBeUsed() {
        for (text, part) in [
            ("", "scheduler_config.json"), ("[]", "expected an object"), ("{}", "_class_name"),
            ("{\"_class_name\": 3}", "_class_name"), ("{\"_class_name\": \"KarrasVeScheduler\"}", "known are ddpm"),
            ("{\"_class_name\": \"DDPMScheduler\", \"beta\": 1}", "beta"),
            ("{\"_class_name\": \"DDPMScheduler\", \"_use_default_values\": []}", "_use_default_values"),
            ("{\"_class_name\": \"DDPMScheduler\", \"variance_type\": \"learned_range\"}", "variance_type"),
            (
                "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\", \"use_dynamic_shifting\": true}",
                "picture's size"
            ),
            ("{\"_class_name\": \"DDPMScheduler\", \"beta_end\": 0.9}", "beta_end"),
            ("{\"_class_name\": \"DDPMScheduler\", \"predict_epsilon\": true}", "no error"),
            ("{\"_class_name\": \"DDPMScheduler\", \"predict_epsilon\": false}", "prediction_type"),
            ("{\"_class_name\": \"DDPMScheduler\", \"beta_start\": 0}", "beta_start"),
        ] {
            #expect(message(text).contains(part), "\(text): \(message(text))")
        }
    }

    @Test(arguments: SchedulerKind.allCases) func stepsOutOfRange(_ kind: SchedulerKind) throws {
        let configuration = try configuration("{\"_class_name\": \"\(kind.rawValue)\"}")
        for steps in [0, -1, 1_001, Int.max, .min] {
            let error = #expect(throws: SchedulerError.self) { try configuration.makeScheduler(steps: steps) }
            #expect(error?.description.hasPrefix("\(steps) steps: \(kind.rawValue) takes 1...1000") == true)
        }
    }

    /// Minus infinity as Python writes it, which files of the reference contain.
    @Test func minusInfinity() throws {
        let start = "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"lambda_min_clipped\": "
        let written = try configuration(start + "-Infinity}").makeScheduler(steps: 10)
        let left = try configuration("{\"_class_name\": \"DPMSolverMultistepScheduler\"}").makeScheduler(steps: 10)
        #expect(written.timesteps == left.timesteps)
        for value in ["Infinity", "NaN", "--Infinity", "-Infinityx", "\"-Infinity\"", "[-Infinity"] {
            #expect(message(start + value + "}") != "no error", "\(value)")
        }
    }

    /// A network for noise is not sampled as a flow, nor the other way round.
    @Test func flowsAndOthersAreNotExchanged() {
        let flow = "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}"
        let other = "{\"_class_name\": \"DDPMScheduler\"}"
        for kind in SchedulerKind.allCases where kind != .flowMatchEuler {
            #expect(message(flow, kind).contains("FlowMatchEulerDiscreteScheduler"))
            #expect(message(other, kind) == "no error")
        }
        #expect(message(other, .flowMatchEuler).contains("DDPMScheduler"))
    }

    /// What a model can be sampled with.
    @Test func supportedSchedulers() throws {
        let noise = SchedulerKind.allCases.filter { $0 != .flowMatchEuler }
        #expect(try configuration("{\"_class_name\": \"DDPMScheduler\"}").supportedSchedulers == noise)
        let sample = "{\"_class_name\": \"DDPMScheduler\", \"prediction_type\": \"sample\"}"
        #expect(
            try configuration(sample).supportedSchedulers == noise.filter { $0 != .pndm && $0 != .eulerAncestral })
        let flow = "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}"
        #expect(try configuration(flow).supportedSchedulers == [.flowMatchEuler])
    }

    /// Where noise falls too steeply for fresh noise between two steps, the reference gives no numbers.
    @Test func stepsTooSteepForAncestralNoise() {
        let file = "{\"_class_name\": \"EulerAncestralDiscreteScheduler\", \"beta_schedule\": \"squaredcos_cap_v2\"}"
        #expect(message(file, steps: 4).contains("beta_schedule"))
        let leading = String(file.dropLast()) + ", \"timestep_spacing\": \"leading\"}"
        #expect(message(leading, steps: 20) == "no error")
    }

    @Test func settingAValue() throws {
        let configuration = try configuration("{\"_class_name\": \"EulerDiscreteScheduler\"}")
        let karras = try configuration.setting("use_karras_sigmas", to: true).makeScheduler(steps: 5)
        #expect(try karras.timesteps != configuration.makeScheduler(steps: 5).timesteps)
        #expect(throws: SchedulerError.self) { try configuration.setting("karras", to: true) }
        let wrong = try configuration.setting("use_karras_sigmas", to: "yes")
        #expect(throws: SchedulerError.self) { try wrong.makeScheduler(steps: 5) }
    }

    /// `min(int(steps * strength), steps)` of the steps are taken.
    @Test(arguments: [(0, 10, 20), (0.25, 8, 16), (0.3, 7, 14), (0.999, 1, 2), (1, 0, 0), (7, 0, 0), (-1, 10, 19)])
    func strength(_ strength: Double, _ first: Int, _ firstOfHeun: Int) throws {
        let configuration = try configuration("{\"_class_name\": \"DDPMScheduler\"}")
        for kind in SchedulerKind.allCases where kind != .flowMatchEuler {
            let scheduler = try configuration.makeScheduler(kind, steps: 10)
            let expected = kind == .heun ? min(firstOfHeun, 19) : first
            #expect(scheduler.firstIndex(strength: strength) == expected, "\(kind)")
        }
    }

    /// The trailing timesteps of the reference go one too far for some numbers of steps.
    @Test func trailingBelowZero() {
        let file = "{\"_class_name\": \"DDIMScheduler\", \"timestep_spacing\": \"trailing\"}"
        #expect(message(file, steps: 61).contains("timestep -1"))
        #expect(message(file, steps: 60) == "no error")
    }

    @Test func offsetsBeyondTheEnd() {
        let file = "{\"_class_name\": \"DDIMScheduler\", \"steps_offset\": 200}"
        #expect(message(file, steps: 10).contains("timestep 1100"))
        #expect(message(file, steps: 3) == "no error")
    }

    /// Noise is asked for as often as the reference draws it, and its errors come through.
    @Test(arguments: [
        (SchedulerKind.ddpm, 9), (.ddim, 0), (.pndm, 0), (.lms, 0), (.euler, 0), (.eulerAncestral, 10), (.heun, 0),
        (.dpmSolver, 0), (.uniPC, 0), (.lcm, 9),
    ]) func drawsOfNoise(_ kind: SchedulerKind, _ expected: Int) throws {
        struct NoNoise: Error {}
        let configuration = try configuration("{\"_class_name\": \"DDPMScheduler\"}")
        var scheduler = try configuration.makeScheduler(kind, steps: 10)
        var failing = scheduler
        var sample = schedulerNoise(1, 12)
        var draws = 0
        for index in scheduler.timesteps.indices {
            _ = scheduler.step(prediction: schedulerNoise(2, 12), at: index, sample: &sample) {
                draws += 1
                return schedulerNoise(draws, 12)
            }
        }
        #expect(draws == expected)
        guard expected > 0 else { return }
        #expect(throws: NoNoise.self) {
            _ = try failing.step(prediction: schedulerNoise(2, 12), at: 0, sample: &sample) { () throws(NoNoise) in
                throw NoNoise()
            }
        }
    }
}
