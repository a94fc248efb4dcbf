import Checkpoints
import Glibc
public import JSON
import TensorCore

extension RegNet.Configuration {
    /// The line that widths follow, the paper's table 9 and the libraries' sizes: depth, initial width, slope, step,
    /// and channels of a group.
    private struct Line {
        var depth: Int
        var initial: Int
        var slope: Double
        var step: Double
        var group: Int

        init(_ depth: Int, _ initial: Int, _ slope: Double, _ step: Double, _ group: Int) {
            (self.depth, self.initial, self.slope, self.step, self.group) = (depth, initial, slope, step, group)
        }
    }

    /// RegNetX by hundreds of millions of multiply-adds.
    private static let linesX: [String: Line] = [
        "002": Line(13, 24, 36.44, 2.49, 8), "004": Line(22, 24, 24.48, 2.54, 16), "006": Line(16, 48, 36.97, 2.24, 24),
        "008": Line(16, 56, 35.73, 2.28, 16), "016": Line(18, 80, 34.01, 2.25, 24),
        "032": Line(25, 88, 26.31, 2.25, 48), "040": Line(23, 96, 38.65, 2.43, 40),
        "064": Line(17, 184, 60.83, 2.07, 56), "080": Line(23, 80, 49.56, 2.88, 120),
        "120": Line(19, 168, 73.36, 2.37, 112), "160": Line(22, 216, 55.59, 2.1, 128),
        "320": Line(23, 320, 69.86, 2.0, 168),
    ]
    /// RegNetY by hundreds of millions of multiply-adds.
    private static let linesY: [String: Line] = [
        "002": Line(13, 24, 36.44, 2.49, 8), "004": Line(16, 48, 27.89, 2.09, 8), "006": Line(15, 48, 32.54, 2.32, 16),
        "008": Line(14, 56, 38.84, 2.4, 16), "016": Line(27, 48, 20.71, 2.65, 24),
        "032": Line(21, 80, 42.63, 2.66, 24), "040": Line(22, 96, 31.41, 2.24, 64),
        "064": Line(25, 112, 33.22, 2.27, 72), "080": Line(17, 192, 76.82, 2.19, 56),
        "120": Line(19, 168, 73.36, 2.37, 112), "160": Line(18, 200, 106.23, 2.48, 112),
        "320": Line(20, 232, 115.89, 2.53, 232), "640": Line(20, 352, 147.48, 2.4, 328),
        "1280": Line(27, 456, 160.83, 2.52, 264), "2560": Line(27, 640, 230.83, 2.53, 373),
    ]

    /// A size as timm or torchvision names it.
    private struct Variant {
        var line: Line
        var squeezes: Bool
        /// Whether widths that are no multiple of the group are rounded as torchvision does it.
        var roundsUp: Bool
    }

    private static let timmVariants: [String: Variant] = {
        var variants: [String: Variant] = [:]
        for (letter, lines) in [("x", linesX), ("y", linesY)] {
            for (size, line) in lines {
                variants["regnet\(letter)_\(size)"] = Variant(line: line, squeezes: letter == "y", roundsUp: false)
            }
        }
        // Sizes whose weights come from torchvision.
        for (letter, size) in [("x", "004"), ("y", "008"), ("y", "080")] {
            let name = "regnet\(letter)_\(size)"
            guard var variant = variants[name] else { continue }
            variant.roundsUp = true
            variants[name + "_tv"] = variant
        }
        return variants
    }()

    private static let torchvisionVariants: [String: Variant] = {
        let sizes = [
            "400mf": "004", "800mf": "008", "1_6gf": "016", "3_2gf": "032", "8gf": "080", "16gf": "160",
            "32gf": "320", "128gf": "1280",
        ]
        var variants: [String: Variant] = [:]
        for (letter, lines) in [("x", linesX), ("y", linesY)] {
            for (name, size) in sizes {
                guard let line = lines[size] else { continue }
                variants["regnet_\(letter)_\(name)"] = Variant(line: line, squeezes: letter == "y", roundsUp: true)
            }
        }
        return variants
    }()

    /// timm's names.
    static var timmNames: [String] { timmVariants.keys.sorted() }
    /// torchvision's names.
    static var torchvisionNames: [String] { torchvisionVariants.keys.sorted() }

    /// Reads a configuration of any of the layouts.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
        case .timm:
            let keys = Keys(
                depth: "depth", initial: "w0", slope: "wa", step: "wm", group: "group_size", stages: 4...4)
            try self.init(config, config.choice("architecture", Self.timmVariants), keys, more: ["group_min_ratio"])
        case .torchvision:
            let keys = Keys(
                depth: "depth", initial: "w_0", slope: "w_a", step: "w_m", group: "group_width", stages: 1...16)
            try self.init(config, config.choice("architecture", Self.torchvisionVariants), keys, more: [])
        }
    }

    private init(transformers config: Config) throws(ConfigError) {
        channels = try config.int("num_channels", in: 1...64, default: 3)
        stemWidth = try config.int("embedding_size", in: 1...8192, default: 32)
        let widths = try config.ints("hidden_sizes", count: 1...16, in: 1...65536, default: [128, 192, 512, 1088])
        let depths = try config.ints(
            "depths", count: widths.count...widths.count, in: 1...1000, default: [2, 6, 12, 2])
        let group = try config.int("groups_width", in: 1...65536, default: 64)
        stages = zip(widths, depths).map { RegNet.Stage(width: $0, depth: $1, groups: max(1, $0 / group)) }
        guard stages.allSatisfy({ $0.width % $0.groups == 0 }) else {
            throw config.failure("groups_width", expected: "a width of groups that divides hidden_sizes")
        }
        squeeze = try config.choice("layer_type", ["x": nil, "y": 0.25], default: 0.25)
        activation = config.has("hidden_act") ? try config.activation("hidden_act") : .relu
        downsamplesFirstStage = try config.bool("downsample_in_first_stage", default: true)
        classCount = try config.classCount()
        guard squeezesSomething else {
            throw config.failure("hidden_sizes", expected: "widths that a quarter can be squeezed of")
        }
    }

    /// What timm and torchvision call the numbers of a line, and how many stages they can have.
    private struct Keys {
        let depth: String
        let initial: String
        let slope: String
        let step: String
        let group: String
        let stages: ClosedRange<Int>
    }

    private init(_ config: Config, _ variant: Variant, _ keys: Keys, more: Set<String>) throws(ConfigError) {
        let known = more.union([
            keys.depth, keys.initial, keys.slope, keys.step, keys.group, "se_ratio", "stem_width",
        ])
        let arguments = try config.modelArguments(known: known)
        let line = variant.line
        let changed = Line(
            try arguments.int(keys.depth, in: 1...1000, default: line.depth),
            try arguments.int(keys.initial, in: 8...8192, default: line.initial),
            try arguments.double(keys.slope, in: 0...10_000, default: line.slope),
            try arguments.double(keys.step, in: 1.001...100, default: line.step),
            try arguments.int(keys.group, in: 1...65536, default: line.group))
        guard changed.initial % 8 == 0 else { throw arguments.failure(keys.initial, expected: "a multiple of 8") }
        let ratio = try arguments.double("group_min_ratio", in: 0...1, default: variant.roundsUp ? 0.9 : 0)
        guard let stages = Self.stages(changed, roundsUp: ratio > 0) else {
            throw arguments.failure(keys.slope, expected: "widths of at most 65536")
        }
        guard keys.stages.contains(stages.count) else {
            throw arguments.failure(
                keys.depth, expected: "widths for \(keys.stages) stages", found: "\(stages.count) stages")
        }
        self.stages = stages
        stemWidth = try arguments.int("stem_width", in: 1...8192, default: 32)
        let share = try arguments.double("se_ratio", in: 0...16, default: variant.squeezes ? 0.25 : 0)
        squeeze = share > 0 ? share : nil
        classCount = try config.int("num_classes", in: 1...1_000_000)
        guard squeezesSomething else {
            throw arguments.failure("se_ratio", expected: "0, or enough to leave a channel")
        }
    }

    /// The paper's equations 2 to 4: block j has the width initial + slope j, rounded to a power of `step` times the
    /// initial width and then to a multiple of 8; blocks of one width are a stage. Computed in fp32, as timm and
    /// torchvision do. A width that is no multiple of its group is rounded to one.
    ///
    /// - Returns: `nil` where a width is out of bounds.
    private static func stages(_ line: Line, roundsUp: Bool) -> [RegNet.Stage]? {
        let (initial, step) = (Float(line.initial), Float(line.step))
        var runs: [(width: Int, depth: Int)] = []
        for block in 0..<line.depth {
            let width = Float(block) * Float(line.slope) + initial
            let exponent = (logf(width / initial) / Float(log(line.step))).rounded(.toNearestOrEven)
            let quantized = (initial * powf(step, exponent) / 8).rounded(.toNearestOrEven) * 8
            guard quantized <= 65536 else { return nil }
            if runs.last?.width == Int(quantized) {
                runs[runs.count - 1].depth += 1
            } else {
                runs.append((Int(quantized), 1))
            }
        }
        return runs.map { run in
            let group = min(line.group, run.width)
            let groups = (Double(run.width) / Double(group)).rounded(.toNearestOrEven)
            let width = roundsUp ? roundedChannels(Double(run.width), divisor: group) : Int(groups) * group
            return RegNet.Stage(width: width, depth: run.depth, groups: width / group)
        }
    }

    /// Channels of the squeeze of a block with so many inputs; `nil` where there is none.
    func squeezedWidth(_ inputs: Int) -> Int? {
        squeeze.map { Int((Double(inputs) * $0).rounded(.toNearestOrEven)) }
    }

    private var squeezesSomething: Bool {
        ([stemWidth] + stages.map(\.width)).allSatisfy { (squeezedWidth($0) ?? 1) >= 1 }
    }
}
