import TensorCore

/// What the layers of one forward pass of a UNet share.
struct UNetPass {
    let ws: Workspace
    /// The embedding of time and class, `[B, W]`.
    let embedding: Tensor
    /// Its activation, which most blocks project; the same for all of them.
    let activated: Tensor
    /// Looks for values that are no numbers; `nil` in ordinary passes.
    let probe: LayerProbe?

    /// Passes a layer's output on.
    ///
    /// - Parameters:
    ///   - y: what the layer gave.
    ///   - place: the layer's place in the weights, or that of its block.
    ///   - layer: its name in the block; none where `place` is the layer's own.
    /// - Returns: y.
    func checked(_ y: Tensor, _ place: String, _ layer: StaticString = "") -> Tensor {
        probe?.look(at: y, place, layer)
        return y
    }
}

/// Finds the first layer whose output is not finite, in a pass that is run for that.
final class LayerProbe {
    /// Its place in the weights.
    private(set) var found: String?

    func look(at y: Tensor, _ place: String, _ layer: StaticString = "") {
        guard found == nil, y.firstNonFinite != nil else { return }
        found = [place, "\(layer)"].filter { !$0.isEmpty }.joined(separator: ".")
    }
}
