package import Layers
package import TensorCore

/// What the layers of one forward pass of a UNet share.
package struct UNetPass {
    /// Where it is computed.
    package let ws: Workspace
    /// The embedding of time and class, `[B, W]`.
    package let embedding: Tensor
    /// Its activation, which most blocks project; the same for all of them.
    package let activated: Tensor
    /// Looks for values that are no numbers; `nil` in ordinary passes.
    package let probe: LayerProbe?
    /// Where norms take their statistics from; `nil` where each takes those of its input.
    private let moments: NormMoments?

    /// A pass of images that have an embedding each.
    ///
    /// - Parameters:
    ///   - ws: where it is computed.
    ///   - embedding: of time and class, `[B, W]`.
    ///   - activated: its activation.
    ///   - probe: looks for values that are no numbers.
    ///   - moments: where norms take their statistics from; `nil` where each takes those of its input.
    package init(
        ws: Workspace, embedding: Tensor, activated: Tensor, probe: LayerProbe?, moments: NormMoments? = nil
    ) {
        (self.ws, self.embedding, self.activated, self.probe) = (ws, embedding, activated, probe)
        self.moments = moments
    }

    /// A pass without time or classes, for blocks whose conditioning is none.
    ///
    /// - Parameters:
    ///   - ws: where it is computed.
    ///   - probe: looks for values that are no numbers.
    ///   - moments: where norms take their statistics from; `nil` where each takes those of its input.
    package init(ws: Workspace, probe: LayerProbe?, moments: NormMoments? = nil) {
        let nothing = Tensor(zeros: [0])
        self.init(ws: ws, embedding: nothing, activated: nothing, probe: probe, moments: moments)
    }

    /// Applies a norm, with the statistics of the pass.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - norm: the norm.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    package func normalized(_ x: Tensor, _ norm: GroupNorm, inPlace: Bool = false) -> Tensor {
        norm(x, ws, inPlace: inPlace, moments: moments?.next { norm.moments(of: x, ws) })
    }

    /// Passes a layer's output on.
    ///
    /// - Parameters:
    ///   - y: what the layer gave.
    ///   - place: the layer's place in the weights, or that of its block.
    ///   - layer: its name in the block; none where `place` is the layer's own.
    /// - Returns: y.
    package func checked(_ y: Tensor, _ place: String, _ layer: StaticString = "") -> Tensor {
        probe?.look(at: y, place, layer)
        return y
    }
}

/// Finds the first layer whose output is not finite, in a pass that is run for that.
package final class LayerProbe {
    /// Its place in the weights.
    package private(set) var found: String?

    /// A probe that has found nothing yet.
    package init() {}

    /// Looks at a layer's output.
    ///
    /// - Parameters:
    ///   - y: what the layer gave.
    ///   - place: the layer's place in the weights, or that of its block.
    ///   - layer: its name in the block; none where `place` is the layer's own.
    package func look(at y: Tensor, _ place: String, _ layer: StaticString = "") {
        guard found == nil, y.firstNonFinite != nil else { return }
        found = [place, "\(layer)"].filter { !$0.isEmpty }.joined(separator: ".")
    }
}
