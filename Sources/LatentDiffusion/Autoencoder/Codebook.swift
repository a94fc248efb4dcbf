import Layers
import TensorCore

/// The codes that latent pixels may be (van den Oord et al. 2017, arXiv:1711.00937, section 3.1), diffusers'
/// `VectorQuantizer`.
///
/// Tensor: `weight` `[codes, width]`.
struct Codebook: Sendable {
    private let table: Tensor

    init(_ codes: Int, _ width: Int, _ w: Weights) throws(WeightError) {
        table = try w.tensor("weight", shape: [codes, width])
    }

    /// The nearest code of each latent pixel, the first where several are.
    ///
    /// - Parameters:
    ///   - z: `[B, H, W, width]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H, W, width]`.
    func callAsFunction(_ z: Tensor, _ ws: Workspace) -> Tensor {
        let (codes, width) = (table.shape[0], table.shape[1])
        return ws.computed(z.shape) { target in
            z.withFloats { z in
                table.withFloats { table in
                    for pixel in stride(from: 0, to: z.count, by: width) {
                        var (best, least) = (0, Float.infinity)
                        for code in 0..<codes {
                            var distance: Float = 0
                            for channel in 0..<width {
                                let difference = z[pixel + channel] - table[code * width + channel]
                                distance += difference * difference
                            }
                            if distance < least { (best, least) = (code, distance) }
                        }
                        // As the reference has it, so that the last bit is the same.
                        for channel in 0..<width {
                            let value = z[pixel + channel]
                            target[pixel + channel] = value + (table[best * width + channel] - value)
                        }
                    }
                }
            }
        }
    }
}
