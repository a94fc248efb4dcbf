import Glibc
import Layers
import TensorCore

/// What makes logits of hidden states.
struct AudioHead: Sendable {
    /// Which head a checkpoint holds, and what its configuration says of it.
    enum Kind: Sendable, Equatable {
        case none
        case ctc(vocabulary: Int)
        case classification(labels: [String], hasSigmoid: Bool, width: Int, weighsLayers: Bool)
    }

    private enum Layers: Sendable {
        case ctc(Linear)  // lm_head
        case classification(projector: Linear, classifier: Linear)
    }

    private let layers: Layers
    /// Values in a row of logits.
    let outputs: Int
    /// The widest that a frame's row gets.
    let frameWidth: Int
    /// Whether there is one row of logits a frame rather than one a clip.
    let isPerFrame: Bool
    /// Whether a clip may be of several classes: probabilities are sigmoids, each class by itself.
    let hasSigmoid: Bool
    /// For each hidden state a vector of its weight in the sum that the head reads; `nil` where it reads the last one.
    let layerWeights: [PackedVector]?

    /// Reads the head from the root of a checkpoint; `nil` where there is none.
    init?(_ kind: Kind, _ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        switch kind {
        case .none: return nil
        case .ctc(let vocabulary):
            layers = .ctc(try Linear(c.outputWidth, vocabulary, w("lm_head")))
            (outputs, frameWidth, isPerFrame, hasSigmoid, layerWeights) = (vocabulary, vocabulary, true, false, nil)
        case .classification(let labels, let hasSigmoid, let width, let weighsLayers):
            if weighsLayers {
                let logits = try w.tensor("layer_weights", shape: [c.depth + 1]).floats
                layerWeights = softmaxProbabilities(logits).map { weight in
                    PackedVector([Float](repeating: weight, count: c.width), in: w.loader.memory)
                }
            } else {
                layerWeights = nil
            }
            layers = .classification(
                projector: try Linear(c.width, width, w("projector")),
                classifier: try Linear(width, labels.count, w("classifier")))
            (outputs, frameWidth, isPerFrame) = (labels.count, width, false)
            self.hasSigmoid = hasSigmoid
        }
    }

    /// The probabilities of one clip's classes.
    func probabilities(_ logits: [Float]) -> [Float] {
        hasSigmoid ? logits.map { Float(1 / (1 + exp(-Double($0)))) } : softmaxProbabilities(logits)
    }

    /// The logits of a batch: `[B, T, outputs]`, or `[B, outputs]` of clips, whose projected frames are averaged.
    ///
    /// - Parameters:
    ///   - x: `[B, T, width]`.
    ///   - lengths: for each clip the frames that count; `nil` where all do.
    ///   - ws: where it is computed.
    func callAsFunction(_ x: Tensor, lengths: [Int]?, _ ws: Workspace) -> Tensor {
        switch layers {
        case .ctc(let head): return head(x, ws)
        case .classification(let projector, let classifier):
            let y = projector(x, ws)  // [B, T, P]
            let (count, frames, width) = (y.shape[0], y.shape[1], y.shape[2])
            let rows = y.reshaped(to: Shape(count * frames, width))
            let means = (0..<count).map { clip in
                let frames = clip * frames..<clip * frames + (lengths?[clip] ?? frames)
                return ws.meanOverPixels(rows.rows(frames).reshaped(to: Shape(1, frames.count, width)))
            }
            return classifier(ws.stacked(means, rows: 1).reshaped(to: Shape(count, width)), ws)
        }
    }
}
