public import TensorCore

/// A pipeline in one file, as small as the rules for such files allow: the names of a tiny checkpoint whose sizes
/// follow no rule, with sizes that do.
///
/// In 1.x levels of 32 and 64 channels, a text encoder of 64; in 2.x levels of 64, 128 and 128.
public enum SmallPipeline {
    /// A tensor of seeded values.
    public typealias Item = (name: String, shape: [Int], values: [Float])

    /// The tensors.
    ///
    /// - Parameters:
    ///   - tiny: the checkpoint whose names are taken, of the same version.
    ///   - isSecond: whether it is of 2.x.
    ///   - vocabulary: tokens that the text encoder knows.
    ///   - inputs: channels that the network is shown.
    public static func tensors(
        like tiny: some TensorSource, isSecond: Bool, vocabulary: Int, inputs: Int = 4
    ) -> [Item] {
        let sizes = Sizes(isSecond: isSecond, vocabulary: vocabulary, inputs: inputs)
        var state: UInt64 = 7
        return tiny.names.compactMap { name in
            guard let shape = tiny.info(name)?.shape else { return nil }
            let grown = sizes.shape(name, shape)
            let count = grown.reduce(1, *)
            // Sums of as many products as a row has stay near 1; vectors are biases, or factors about 1.
            let row = max(1, count / max(1, grown.first ?? 1))
            let isVector = grown.count < 2
            let scale: Float = isVector ? 0.1 : (3 / Float(row)).squareRoot()
            let centre: Float = isVector && name.hasSuffix("weight") ? 1 : 0
            let values = (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return centre + scale * (Float(state >> 40) / Float(1 << 23) - 1)
            }
            return (name, grown, values)
        }
    }

    private struct Sizes {
        let isSecond: Bool
        let vocabulary: Int
        let inputs: Int
        private static let textWidth = 64

        func shape(_ name: String, _ shape: [Int]) -> [Int] {
            func has(_ part: String) -> Bool { name.contains(part) }
            if name.hasPrefix("model.diffusion_model.") {
                var grown = Self.scaled(shape, isSecond ? 32 : 8)
                if has("attn2.to_k.weight") || has("attn2.to_v.weight") { grown[1] = Self.textWidth }
                if has("model.out.2.") { grown[0] = shape[0] }
                if has("input_blocks.0.0.weight") { grown[1] = inputs }
                return grown
            }
            if name.hasPrefix("first_stage_model.") {
                if has("quant_conv") { return shape }
                var grown = Self.scaled(shape, isSecond ? 16 : 8)
                if has("conv_out.") { grown[0] = shape[0] }
                if has("coder.conv_in.weight") { grown[1] = shape[1] }
                return grown
            }
            guard name.hasPrefix("cond_stage_model.") else { return shape }
            let width = isSecond ? 4 : 6
            let known = [width: Self.textWidth, 3 * width: 3 * Self.textWidth, 8: 128, 5: 77, 9: vocabulary]
            return shape.map { known[$0] ?? $0 }
        }

        /// Kernels stay as large as they are.
        private static func scaled(_ shape: [Int], _ factor: Int) -> [Int] {
            shape.enumerated().map { $0.offset < 2 ? $0.element * factor : $0.element }
        }
    }
}
