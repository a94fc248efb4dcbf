import TensorCore

/// What makes one vector of a sentence's tokens: pooling, then linear layers and unit length as the modules list them.
struct SentenceHead: Sendable {
    private enum Step: Sendable {
        case dense(DenseModule)
        case normalize
    }

    /// Width of the result.
    let width: Int
    /// Elements of the parameters.
    let parameterCount: Int
    /// Bytes the packed weights take.
    let weightBytes: Int
    /// Whether a prompt's tokens count.
    let includesPrompt: Bool
    private let modes: [TokenPooling]
    private let steps: [Step]

    /// Reads the modules that follow a transformer with tokens of the given width.
    init(
        _ modules: SentenceModules, width: Int, runtime: Runtime, plansOnly: Bool
    ) throws(SentenceEncoderError) {
        try modules.pooling.check(width: width)
        modes = modules.pooling.modes
        includesPrompt = modules.pooling.includesPrompt
        var width = width * modes.count
        var steps: [Step] = []
        var (parameters, bytes) = (0, 0)
        for step in modules.steps {
            switch step {
            case .normalize: steps.append(.normalize)
            case .dense(let folder):
                let dense = try DenseModule(folder: folder, inputs: width, runtime: runtime, plansOnly: plansOnly)
                steps.append(.dense(dense))
                width = dense.outputs
                parameters += dense.parameterCount
                bytes += dense.weightBytes
            }
        }
        self.width = width
        self.steps = steps
        (parameterCount, weightBytes) = (parameters, bytes)
    }

    /// The vectors of sequences: `[N, C]` to `[sequences, width]`.
    ///
    /// - Parameter prompt: tokens of a prompt at the start of each.
    func callAsFunction(_ x: Tensor, sequences: PackedSequences, prompt: Int = 0, _ ws: Workspace) -> Tensor {
        var y = ws.pooled(x, modes, sequences: sequences, skipping: includesPrompt ? 0 : prompt)
        for step in steps {
            switch step {
            case .dense(let dense): y = dense(y, ws)
            case .normalize: y = ws.unitRows(y)
            }
        }
        return y
    }
}
