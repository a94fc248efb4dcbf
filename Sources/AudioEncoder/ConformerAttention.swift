import Glibc
import Layers
import Synchronization
import TensorCore

/// A Conformer's attention, with relative or rotary positions or none.
///
/// Relative: the score of query i and key j is ((q_i + u) k_j + (q_i + v) p_(i - j)) / sqrt(d), p a projection of
/// sinusoids of the distance (Dai et al. 2019, arXiv:1901.02860, section 3.3). Rotary: frames are rotated by their
/// place before they are projected to queries and keys (Su et al. 2021, arXiv:2104.09864, as fairseq has it).
struct ConformerAttention: Sendable {
    private enum Projections: Sendable {
        /// Queries, keys and values of the same frames.
        case together(Linear)
        /// Queries and keys of rotated frames, values of the frames as they are.
        case rotated(query: Linear, key: Linear, value: Linear)
    }

    private struct Relative: Sendable {
        let projection: Linear  // linear_pos
        let contentBias: PackedVector  // pos_bias_u
        let positionBias: PackedVector  // pos_bias_v
    }

    private let heads: Int
    private let projections: Projections
    private let relative: Relative?
    private let output: Linear  // linear_out

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        let width = c.width
        heads = c.heads
        let (query, key, value) = (w("linear_q"), w("linear_k"), w("linear_v"))
        if case .rotary = c.conformerPositions {
            projections = .rotated(
                query: try Linear(width, width, query), key: try Linear(width, width, key),
                value: try Linear(width, width, value))
        } else {
            projections = .together(
                try Linear(width, sideBySide: [(query, width, true), (key, width, true), (value, width, true)]))
        }
        output = try Linear(width, width, w("linear_out"))
        guard c.conformerPositions == .relative else {
            relative = nil
            return
        }
        let shape = [c.heads, width / c.heads]
        relative = Relative(
            projection: try Linear(width, width, bias: false, w("linear_pos")),
            contentBias: PackedVector(try w.tensor("pos_bias_u", shape: shape).floats, in: w.loader.memory),
            positionBias: PackedVector(try w.tensor("pos_bias_v", shape: shape).floats, in: w.loader.memory))
    }

    /// Applies attention to `[B, T, D]`.
    func callAsFunction(
        _ x: Tensor, residual: Tensor, _ positions: ConformerPositions, _ ws: Workspace
    ) -> Tensor {
        let y: Tensor
        switch projections {
        case .together(let qkv):
            if let relative {
                let sinusoids = positions.sinusoids(frames: x.shape[1])  // [2 T - 1, D]
                y = ws.selfAttention(
                    qkv(x, ws), heads: heads, positions: relative.projection(sinusoids, ws),
                    contentBias: relative.contentBias, positionBias: relative.positionBias)
            } else {
                y = ws.selfAttention(qkv(x, ws), heads: heads, form: qkv.form)
            }
        case .rotated(let query, let key, let value):
            let (cosines, sines) = positions.rotations(frames: x.shape[1])  // [T, d / 2] each
            let turned = ws.rotated(x, heads: heads, cosines: cosines, sines: sines)
            y = ws.attention(
                query: query(turned, ws), key: key(turned, ws), value: value(x, ws), heads: heads, form: value.form)
        }
        return output(y, residual: residual, ws)
    }
}

/// The tables of a Conformer's positions, which grow with the longest clip seen.
final class ConformerPositions: Sendable {
    private let width: Int
    private let frequencies: [Float]
    /// Sinusoids of all distances so far.
    private let relative: Mutex<Tensor?> = Mutex(nil)
    /// Cosines and sines of all places so far.
    private let rotary: Mutex<(cosines: Tensor, sines: Tensor)?> = Mutex(nil)

    /// Reads what a checkpoint keeps of them; `w` is the place called `embed_positions`.
    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        width = c.width
        switch c.conformerPositions {
        case .none: frequencies = []
        case .relative:
            // exp(-2 i log(10000) / D), each step in fp32 as the reference has it.
            let factor = Float(-(log(10000.0) / Double(c.width)))
            frequencies = stride(from: 0, to: c.width, by: 2).map { Float(exp(Double(Float($0) * factor))) }
        case .rotary(let base):
            let headWidth = c.width / c.heads
            if w.has("inv_freq") {
                frequencies = try w.vector("inv_freq", headWidth / 2, isBuffer: true)
            } else {
                // Saved without its buffers: the reference makes them anew.
                frequencies = stride(from: 0, to: headWidth, by: 2).map {
                    1 / Float(pow(Double(base), Double(Float($0) / Float(headWidth))))
                }
            }
        }
    }

    /// The sinusoids of the distances `frames - 1` down to `-(frames - 1)`, query's place less key's:
    /// `[2 frames - 1, D]`, sines in the even and cosines in the odd columns.
    func sinusoids(frames: Int) -> Tensor {
        relative.withLock { table in
            // The shorter clip's distances are those in the middle.
            if let table, table.shape[0] >= 2 * frames - 1 {
                let first = (table.shape[0] + 1) / 2 - frames
                return table.rows(first..<first + 2 * frames - 1)
            }
            let made = Tensor(shape: Shape(2 * frames - 1, width)) { values in
                for row in 0..<2 * frames - 1 {
                    let distance = Float(frames - 1 - row)
                    for column in 0..<width {
                        let angle = Double(distance * frequencies[column / 2])
                        values[row * width + column] = Float(column % 2 == 0 ? sin(angle) : cos(angle))
                    }
                }
            }
            table = made
            return made
        }
    }

    /// Cosines and sines of the angles by which the places `0 ..< frames` are rotated, `[frames, d / 2]` each.
    func rotations(frames: Int) -> (cosines: Tensor, sines: Tensor) {
        rotary.withLock { tables in
            if let tables, tables.cosines.shape[0] >= frames {
                return (tables.cosines.rows(0..<frames), tables.sines.rows(0..<frames))
            }
            let half = frequencies.count
            func table(_ function: (Double) -> Double) -> Tensor {
                Tensor(shape: Shape(frames, half)) { values in
                    for place in 0..<frames {
                        for (column, frequency) in frequencies.enumerated() {
                            values[place * half + column] = Float(function(Double(Float(place) * frequency)))
                        }
                    }
                }
            }
            let made = (cosines: table(cos), sines: table(sin))
            tables = made
            return made
        }
    }
}
