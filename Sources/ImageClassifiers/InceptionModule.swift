import JSON
import Layers
import TensorCore

/// Branches of convolutions over the same picture, their results side by side: what GoogLeNet and Inception-v3 are
/// made of. Every branch writes its channels of the result in place.
struct InceptionModule: Sendable {
    /// A convolution as planned: no bias, a batch norm, ReLU.
    struct Step: Sendable {
        let name: String
        let outputs: Int
        let kernel: (height: Int, width: Int)
        let stride: Int

        /// A convolution of so many channels of the full-size network; of stride 1 it keeps the picture's size, of
        /// another it does not pad.
        init(_ name: String, _ outputs: Int, _ height: Int = 1, _ width: Int = 1, stride: Int = 1) {
            (self.name, self.outputs, self.kernel, self.stride) = (name, outputs, (height, width), stride)
        }
    }

    /// A branch as planned.
    struct Plan: Sendable {
        var pooling: PoolingStep?
        var steps: [Step]
        /// How many of the last steps all read what the others made, rather than each what the one before it made.
        var ends = 1

        init(_ steps: Step..., pooling: PoolingStep? = nil, ends: Int = 1) {
            (self.steps, self.pooling, self.ends) = (steps, pooling, steps.isEmpty ? 0 : ends)
        }
    }

    /// What a branch does first.
    struct PoolingStep: Sendable {
        var kind: Pooling
        var window: Window
    }

    private struct Branch: Sendable {
        var pooling: PoolingStep?
        var inner: [Convolution] = []
        var ends: [(convolution: Convolution, width: Int)] = []
    }

    /// Channels of the result.
    let width: Int
    private let branches: [Branch]
    private let window: Window

    /// Reads a module.
    ///
    /// - Parameters:
    ///   - inputs: channels of the input.
    ///   - plans: the branches, in the order of their channels.
    ///   - window: where the result's pixels lie in the input: 1x1 windows for modules that keep the size.
    ///   - widths: what becomes of the full-size network's widths.
    ///   - w: the module's place in the checkpoint.
    init(
        _ inputs: Int, _ plans: [Plan], window: Window = Window(1), _ widths: FixedWidths, _ w: Weights
    ) throws(WeightError) {
        var (branches, total): ([Branch], Int) = ([], 0)
        for plan in plans {
            var branch = Branch(pooling: plan.pooling)
            var channels = inputs
            for (index, step) in plan.steps.enumerated() {
                let outputs = widths(step.outputs)
                let convolution = try Convolution(
                    inception: channels, outputs, kernel: step.kernel, stride: step.stride, pads: step.stride == 1,
                    w(step.name))
                if index < plan.steps.count - plan.ends {
                    branch.inner.append(convolution)
                    channels = outputs
                } else {
                    branch.ends.append((convolution, outputs))
                    total += outputs
                }
            }
            if plan.steps.isEmpty { total += inputs }
            branches.append(branch)
        }
        self.branches = branches
        self.window = window
        width = total
    }

    /// Applies the module.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, inputs]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', width]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let size = window.outputSize(height: x.shape[1], width: x.shape[2])
        let y = ws.unwritten(Shape(x.shape[0], size.height, size.width, width))
        var first = 0
        for branch in branches {
            var z = x
            if let pooling = branch.pooling {
                guard !branch.ends.isEmpty else {
                    ws.pooled(x, pooling.kind, window: pooling.window, into: y.slot(first..<first + x.shape[3]))
                    first += x.shape[3]
                    continue
                }
                z = ws.pooled(x, pooling.kind, window: pooling.window)
            }
            for convolution in branch.inner { z = convolution(z, ws) }
            for (convolution, width) in branch.ends {
                convolution(z, into: y.slot(first..<first + width), ws)
                first += width
            }
        }
        return y
    }
}

extension Convolution {
    /// Reads a convolution of GoogLeNet or Inception-v3: no bias, a batch norm of epsilon 0.001, ReLU. Tensors:
    /// `conv.weight` and those of `bn`.
    ///
    /// - Parameters:
    ///   - inputs: channels of the input.
    ///   - outputs: channels of the result.
    ///   - size: the kernel's.
    ///   - stride: rows and columns from one window to the next.
    ///   - pads: whether half a kernel of zeros is around the input.
    ///   - w: the layer's place in the checkpoint.
    init(
        inception inputs: Int, _ outputs: Int, kernel size: (height: Int, width: Int), stride: Int = 1,
        pads: Bool = true, _ w: Weights
    ) throws(WeightError) {
        try self.init(
            inputs, outputs, kernel: size, stride: stride,
            padding: pads ? .sides(rows: size.height / 2, columns: size.width / 2) : .symmetric(0), bias: false,
            norm: BatchNorm(outputs, epsilon: 1e-3, w("bn")), activation: .relu, w("conv"))
    }
}

/// torchvision's `transform_input`: from ImageNet's mean and deviation, with which the images were prepared, to the
/// mean and deviation of 0.5 that the weights were trained with.
struct InputTransform: Sendable {
    private let scale: PackedVector
    private let shift: PackedVector

    /// The key in `model_args`.
    static let key = "transform_input"

    /// - Parameter w: any place in the checkpoint.
    init(_ w: Weights) {
        scale = PackedVector([0.229 / 0.5, 0.224 / 0.5, 0.225 / 0.5], in: w.loader.memory)
        shift = PackedVector([(0.485 - 0.5) / 0.5, (0.456 - 0.5) / 0.5, (0.406 - 0.5) / 0.5], in: w.loader.memory)
    }

    /// Transforms `[B, H, W, 3]`.
    func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> Tensor { ws.affine(pixels, scale: scale, shift: shift) }
}

/// The tensors of a classifier that is used in training only: convolutions with their norms, and linear layers.
func auxiliaryTensors(_ prefix: String, convolutions: [String], linear: [String]) -> [String] {
    convolutions.flatMap { name in
        ["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"].map { "\(prefix).\(name).\($0)" }
    } + linear.flatMap { ["\(prefix).\($0).weight", "\(prefix).\($0).bias"] }
}
