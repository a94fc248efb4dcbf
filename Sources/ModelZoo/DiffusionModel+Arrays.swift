import Diffusion
import TensorCore

extension DiffusionModel {
    /// The timesteps of the array `timestep`: one number or `[N]`, of any type.
    ///
    /// - Throws: `DiffusionError.input` where it has another shape.
    func timesteps(_ inputs: [String: Tensor]) throws(DiffusionError) -> [Float] {
        guard let timestep = inputs["timestep"], timestep.shape.rank <= 1, timestep.shape.elementCount > 0 else {
            throw .input(
                expected: "timestep, one number or [batch]", found: inputs["timestep"].map { "\($0.shape)" } ?? "none")
        }
        return timestep.dtype == .int64 ? timestep.integers.map { Float($0) } : timestep.floats
    }

    /// The classes of the array `class_labels`: numbers of classes or noise levels `[N]`, or embeddings `[N, width]`.
    ///
    /// - Throws: `DiffusionError.input` where it is none of them.
    func classes(_ inputs: [String: Tensor]) throws(DiffusionError) -> ClassLabels? {
        guard let classes = inputs["class_labels"] else { return nil }
        switch (classes.dtype, classes.shape.rank) {
        case (.int64, 1): return .ids(classes.integers.map { Int($0) })
        case (.float32, 1): return .levels(classes.floats)
        case (.float32, 2): return .embeddings(classes)
        default:
            throw .input(
                expected: "class_labels [batch] or [batch, width]", found: "\(classes.dtype.rawValue) \(classes.shape)")
        }
    }
}
