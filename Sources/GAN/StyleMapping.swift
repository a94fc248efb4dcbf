import Layers
import TensorCore

/// The mapping network: latent vectors, scaled to a mean square of 1, to styles.
struct StyleMapping: Sendable {
    private let layers: [(name: String, layer: Linear)]
    private let labels: [Float]  // of each class, [classes, styleSize]
    private let styleSize: Int
    private let average: [Float]?

    /// How much slower these layers are trained, which their weights are stored for.
    private static let learningRate: Float = 0.01
    private static let epsilon: Float = 1e-8

    var hasAverage: Bool { average != nil }

    init(_ c: StyleGAN2Configuration, _ names: StyleGAN2Names, _ w: Weights) throws(WeightError) {
        styleSize = c.styleSize
        var inputs = c.latentSize
        if c.classCount > 0 {
            labels = try Self.labels(c, w(names.embedding))
            inputs += c.styleSize
        } else {
            labels = []
        }
        var layers: [(String, Linear)] = []
        for index in 0..<c.mappingDepth {
            // The layer's own gain of sqrt(2) may be applied before the leaky ReLU.
            let gain = Self.learningRate * Float(2).squareRoot()
            layers.append(
                (
                    names.mapping(index),
                    try Linear(
                        inputs, c.styleSize, gain: gain / Float(inputs).squareRoot(), biasGain: gain,
                        activation: .leakyReLU, w(names.mapping(index)))
                ))
            inputs = c.styleSize
        }
        self.layers = layers
        // rosinality's training keeps the average beside the network, where a conversion may have left it.
        average =
            names.layout == .nvidia || w.has(names.average)
            ? try w.vector(names.average, c.styleSize, isBuffer: true) : nil
    }

    /// The embedding of each class, scaled to a mean square of 1.
    private static func labels(_ c: StyleGAN2Configuration, _ w: Weights) throws(WeightError) -> [Float] {
        let weight = try w.values("weight", shape: [c.styleSize, c.classCount])
        let bias = try w.vector("bias", c.styleSize)
        let gain = 1 / Float(c.classCount).squareRoot()
        var labels: [Float] = []
        for label in 0..<c.classCount {
            let row = (0..<c.styleSize).map { weight[$0 * c.classCount + label] * gain + bias[$0] }
            let square = row.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(c.styleSize)
            let factor = Float(1 / (square + Double(epsilon)).squareRoot())
            labels += row.map { $0 * factor }
        }
        return labels
    }

    /// Styles, `[B, styleSize]`, of latent vectors `[B, latentSize]`.
    func callAsFunction(_ latents: Tensor, _ classes: [Int], _ ws: Workspace, _ trace: LayerTrace) -> Tensor {
        var x = ws.rmsNorm(latents, weight: nil, epsilon: Self.epsilon)
        if !labels.isEmpty { x = ws.besideRows(x, of: labels, width: styleSize, classes) }
        for (name, layer) in layers { x = trace(name, layer(x, ws)) }
        return x
    }

    /// Styles nearer to their average: average + truncation * (style - average).
    func truncated(_ styles: Tensor, _ truncation: Float, _ ws: Workspace) -> Tensor {
        guard let average else { return styles }
        return ws.computed(styles.shape) { y in
            styles.withFloats { x in
                for index in x.indices {
                    let mean = average[index % styleSize]
                    y[index] = mean + truncation * (x[index] - mean)
                }
            }
        }
    }
}
