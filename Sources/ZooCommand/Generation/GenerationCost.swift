import JSON
import LatentDiffusion
import TensorCore

/// What `zoo generate --plan` shows: the memory and the work that a run would take.
struct GenerationCost {
    private let cost: LatentSamplingCost
    private let steps: Int

    /// - Parameters:
    ///   - plan: what is wanted.
    ///   - pictures: how many.
    ///   - limit: bytes that weights and activations may take together; `nil` where nothing limits them.
    init(_ plan: some LatentPlan, pictures: Int, within limit: Int?) throws(LatentDiffusionError) {
        cost = try plan.cost(pictures: pictures, tiling: plan.tiling(pictures: pictures, within: limit))
        steps = plan.calls
    }

    private var stages: [(name: String, account: Workspace.Account, times: Int)] {
        (cost.text.map { [("text encoder", $0, 1)] } ?? []) + (cost.encoding.map { [("encoding", $0, 1)] } ?? [])
            + [("step", cost.step, steps), ("decoding", cost.decoding, 1)]
    }

    /// Writes it for people or programs.
    func write(_ context: CommandContext, asJSON: Bool) throws {
        guard !asJSON else {
            var line: JSONObject = [
                "peak_bytes": JSONValue(cost.peakBytes), "weight_bytes": JSONValue(cost.weightBytes),
                "steps": JSONValue(steps),
            ]
            line["stages"] = .array(
                stages.map { stage in
                    [
                        "name": JSONValue(stage.name), "times": JSONValue(stage.times),
                        "flops": JSONValue(stage.account.flops),
                        "bytes": JSONValue(stage.account.activationBytes + stage.account.scratchBytes),
                    ]
                })
            try context.write(.object(line))
            return
        }
        try context.output.write(
            "peak memory  \(Format.bytes(cost.peakBytes)), \(Format.bytes(cost.weightBytes)) of it weights")
        for stage in stages {
            let bytes = Format.bytes(stage.account.activationBytes + stage.account.scratchBytes)
            let times = stage.times == 1 ? "" : ", \(stage.times) times"
            try context.output.write(
                "\(stage.name)  \(Format.count(stage.account.flops, unit: "FLOP")), \(bytes)\(times)")
        }
    }
}
