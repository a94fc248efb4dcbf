import Diffusion
import JSON
import Randomness
import Testing

/// Configurations of random keys and values: a typed error or a scheduler that runs, and never a trap.
@Suite struct AnyConfigurationTests {
    static let values: [JSONValue] = [
        nil, true, false, 0, 1, 2, 3, 10, 50, 1000, -1, 100_000, 0.5, 1e-9, 0.999, 1.5, -0.25, 1e300, -1e300,
        "linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "exp", "laplace", "epsilon", "sample",
        "v_prediction", "flow_prediction", "linspace", "leading", "trailing", "zero", "sigma_min", "fixed_small",
        "fixed_large", "midpoint", "heun", "bh1", "dpmsolver", "sde-dpmsolver++", "log_linear", "continuous", "",
        [], [0, 1], [0.1, 0.2], [:],
    ]
    static let keys = [
        "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas", "prediction_type",
        "timestep_spacing", "steps_offset", "variance_type", "clip_sample", "clip_sample_range", "thresholding",
        "dynamic_thresholding_ratio", "sample_max_value", "set_alpha_to_one", "rescale_betas_zero_snr",
        "skip_prk_steps", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas",
        "use_flow_sigmas", "flow_shift", "sigma_min", "sigma_max", "final_sigmas_type", "interpolation_type",
        "timestep_type", "solver_order", "algorithm_type", "solver_type", "lower_order_final", "euler_at_final",
        "lambda_min_clipped", "predict_x0", "disable_corrector", "shift_terminal", "original_inference_steps",
        "timestep_scaling", "shift", "invert_sigmas", "stochastic_sampling",
    ]

    @Test(arguments: SchedulerKind.allCases) func randomConfigurations(_ kind: SchedulerKind) throws {
        var generator = try NumPyGenerator(seed: 20)
        func pick(_ count: Int) throws -> Int { try generator.integers(high: count, count: 1)[0] }
        var (made, refused) = (0, 0)
        for _ in 0..<600 {
            var object: JSONObject = ["_class_name": .string(kind.rawValue)]
            for _ in 0...(try pick(4)) {
                object[Self.keys[try pick(Self.keys.count)]] = Self.values[try pick(Self.values.count)]
            }
            let steps = [1, 2, 3, 4, 7, 50, 999, 1000][try pick(8)]
            do throws(SchedulerError) {
                let configuration = try SchedulerConfiguration(Config(file: "scheduler_config.json", object: object))
                var scheduler = try configuration.makeScheduler(steps: steps)
                var sample = schedulerNoise(1, 6)
                for index in scheduler.timesteps.indices {
                    var seen = sample
                    scheduler.scaleInput(&seen, at: index)
                    let prediction = schedulerNetwork(seen, scheduler.timesteps[index])
                    _ = scheduler.step(prediction: prediction, at: index, sample: &sample) { schedulerNoise(2, 6) }
                }
                #expect(scheduler.addNoise(to: sample, noise: sample, at: 0).count == 6)
                #expect(scheduler.timesteps.count >= steps)
                made += 1
            } catch {
                refused += 1
                #expect(!error.description.isEmpty)
            }
        }
        #expect(made > 50 && refused > 100)
    }
}
