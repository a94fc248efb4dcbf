import Layers
import TensorCore

/// What of a pass is wanted.
enum AudioOutput: Sendable {
    /// `hidden_states[n]`.
    case state(Int)
    /// `last_hidden_state`.
    case last
    /// What the head makes of it.
    case logits(AudioHead)
}

extension AudioEncoder {
    /// Frames that one pass of the blocks takes: enough that weights are read seldom, few enough that activations stay
    /// in the caches.
    static let framesAtATime = 4096

    /// Computes an output of all clips, a few at a time.
    func run(
        _ clips: Clips, _ output: AudioOutput, _ name: String, profile: Bool = false
    ) throws(AudioEncoderError) -> (result: Tensor, account: Workspace.Account) {
        let (count, samples) = (clips.lengths.count, clips.values.shape[1])
        let frames = configuration.features(samples: samples)
        // Clips of different lengths go through the blocks together where padding changes nothing.
        let areEqual = clips.lengths.allSatisfy { $0 == samples }
        let sharesPasses = areEqual || network.toleratesPadding && adapter == nil
        let step = sharesPasses ? max(1, Self.framesAtATime / frames) : 1
        let shape = shape(output, count: count, samples: samples)
        let (result, account) = runtime.withWorkspace(profile: profile) { ws in
            var result = Tensor(zeros: shape)
            for first in stride(from: 0, to: count, by: step) {
                let lengths = Array(clips.lengths[first..<min(first + step, count)])
                let part = pass(lengths, frames: sharesPasses ? frames : nil, output, ws) { index in
                    clips.values.rows(first + index..<first + index + 1).reshaped(to: Shape([samples]))
                }
                result.replaceClips(from: first, with: part)
            }
            return (result, ws.account)
        }
        if let index = result.firstNonFinite { throw .notFinite(output: name, index: index) }
        return (result, account)
    }

    /// The shape of an output of clips, padding included.
    private func shape(_ output: AudioOutput, count: Int, samples: Int) -> Shape {
        switch output {
        case .state: return Shape(count, configuration.features(samples: samples), configuration.width)
        case .last: return Shape(count, configuration.frames(samples: samples), configuration.outputWidth)
        case .logits(let head):
            guard head.isPerFrame else { return Shape(count, head.outputs) }
            return Shape(count, configuration.frames(samples: samples), head.outputs)
        }
    }

    /// One pass over a few clips.
    ///
    /// - Parameters:
    ///   - lengths: samples of each clip that count.
    ///   - frames: the frames that each clip is filled up to with zeros; `nil` where all have as many as the first.
    ///   - output: what is wanted.
    ///   - ws: where it is computed.
    ///   - clip: a clip's samples, at least as many as count.
    /// - Returns: `[clips, …]`.
    func pass(
        _ lengths: [Int], frames: Int?, _ output: AudioOutput, _ ws: Workspace, clip: (Int) -> Tensor
    ) -> Tensor {
        let counts = lengths.map(configuration.features(samples:))
        let batch = ClipBatch(lengths: counts, frames: frames ?? counts[0])
        let parts = lengths.enumerated().map { index, length in
            features(clip(index).rows(0..<length).reshaped(to: Shape(1, length, 1)), ws)  // [1, F, D]
        }
        let isWhole = parts.count == 1 && counts[0] == batch.frames
        let x = isWhole ? parts[0] : ws.stacked(parts, rows: batch.frames)  // [B, F, D]
        switch output {
        case .state, .last: return states(x, batch, output, ws)
        case .logits(let head): return head(states(x, batch, output, ws), lengths: batch.lengths, ws)
        }
    }

    /// The hidden state that an output is made of.
    private func states(_ x: Tensor, _ clips: ClipBatch, _ output: AudioOutput, _ ws: Workspace) -> Tensor {
        var last = layerCount
        if case .state(let index) = output { last = index }
        var weights: [PackedVector]?
        if case .logits(let head) = output { weights = head.layerWeights }
        var state = network.placed(x, ws)
        var sum = weights.map { ws.affine(state, scale: $0[0], shift: nil) }
        for index in 0..<last {
            state = network.applying(block: index, to: state, clips, ws)
            guard let total = sum, let weights else { continue }
            sum = ws.added(total, ws.affine(state, scale: weights[index + 1], shift: nil))
        }
        if let sum { return sum }
        if case .state = output { return state }
        let finished = network.finished(state, ws)
        return adapter.map { $0(finished, ws) } ?? finished
    }
}

extension Tensor {
    /// Writes clips over some of this tensor's; theirs may have fewer frames.
    fileprivate mutating func replaceClips(from first: Int, with clips: Tensor) {
        guard shape[0] > 0, clips.shape[0] > 0 else { return }
        let (size, partSize) = (count / shape[0], clips.count / clips.shape[0])
        withMutableFloats { target in
            clips.withFloats { source in
                for clip in 0..<clips.shape[0] {
                    let values = source[clip * partSize..<(clip + 1) * partSize]
                    _ = target[((first + clip) * size)...].update(fromContentsOf: values)
                }
            }
        }
    }
}
