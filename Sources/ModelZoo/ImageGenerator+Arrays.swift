import GAN
import TensorCore

extension ImageGenerator {
    /// What is to be drawn besides `z`, from arrays: `class_labels` `[N]`, 64-bit integers, and `truncation`, one
    /// number.
    ///
    /// - Throws: ``GANError/input(expected:found:)`` where they are of another type or size.
    func options(_ inputs: [String: Tensor]) throws(GANError) -> GenerationOptions {
        var options = GenerationOptions()
        if let classes = inputs["class_labels"] {
            guard classes.dtype == .int64, classes.shape.rank == 1 else {
                throw .input(
                    expected: "class_labels [batch] of 64-bit integers",
                    found: "\(classes.dtype.rawValue) \(classes.shape)")
            }
            options.classes = classes.integers.map { Int($0) }
        }
        if let truncation = inputs["truncation"] {
            guard truncation.dtype == .float32, truncation.shape.elementCount == 1 else {
                throw .input(
                    expected: "truncation, one fp32 number", found: "\(truncation.dtype.rawValue) \(truncation.shape)")
            }
            // The number that was meant: 0.4 in single precision is a little more, another row of BigGAN's table.
            options.truncation = Double(truncation.floats[0].description)
        }
        return options
    }
}
