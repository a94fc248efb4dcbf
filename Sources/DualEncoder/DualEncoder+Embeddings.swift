import Layers
public import TensorCore

extension DualEncoder {
    /// Computes images' embeddings, before normalisation: transformers' `get_image_features`.
    ///
    /// - Parameter pixelValues: `[B, 3, H, W]`, prepared as ``preprocessing()`` says. A vision transformer takes other
    ///   sizes than its own, too: its position embeddings are interpolated then.
    /// - Returns: `[B, embeddingWidth]`; the same bits for an image whatever the batch it is in.
    /// - Throws: ``DualEncoderError/input(expected:found:)``, ``DualEncoderError/notFinite(output:index:)``, and where
    ///   the tower is not there or not loaded.
    public func imageEmbeddings(_ pixelValues: Tensor) throws(DualEncoderError) -> Tensor {
        try imagePass(pixelValues, profile: false).embeddings
    }

    /// Images of a size that one pass takes; 1 where there is no image tower.
    package func imagesInAPass(height: Int, width: Int) -> Int {
        imageTower?.imagesAtATime(height: height, width: width) ?? 1
    }

    func imagePass(
        _ pixelValues: Tensor, profile: Bool
    ) throws(DualEncoderError) -> (embeddings: Tensor, account: Workspace.Account) {
        let tower = try requireImageTower()
        let expected = "[batch, \(tower.channels), height, width]"
        let shape = pixelValues.shape
        guard pixelValues.dtype == .float32, shape.rank == 4, shape[1] == tower.channels, shape[2] > 0, shape[3] > 0
        else { throw .input(expected: "fp32 \(expected)", found: "\(pixelValues.dtype.rawValue) \(shape)") }
        if let refusal = tower.refusal(height: shape[2], width: shape[3]) {
            throw .input(expected: "\(expected) with \(refusal)", found: "\(shape)")
        }
        let (batch, width) = (shape[0], embeddingWidth)
        let step = tower.imagesAtATime(height: shape[2], width: shape[3])
        let result = runtime.withWorkspace(profile: profile) { ws in
            let embeddings = Tensor(shape: Shape(batch, width)) { values in
                for first in stride(from: 0, to: batch, by: step) {
                    let part = pixelValues.rows(first..<min(first + step, batch))
                    tower(ws.channelsLast(part), ws).withFloats { source in
                        _ = values[(first * width)...].update(fromContentsOf: source)
                    }
                }
            }
            return (embeddings: embeddings, account: ws.account)
        }
        try Self.checkFinite(result.embeddings, "image_embeds")
        return result
    }

    /// Computes texts' embeddings, before normalisation: transformers' `get_text_features`.
    ///
    /// - Parameters:
    ///   - inputIDs: 64-bit integers `[B, T]`, T at most ``contextLength``, with the special tokens of the model.
    ///   - attentionMask: 64-bit integers `[B, T]`, 0 for a token that no token sees; `nil` hides none.
    /// - Returns: `[B, embeddingWidth]`; the same bits for a text whatever the batch it is in.
    /// - Throws: ``DualEncoderError/input(expected:found:)`` for a wrong shape, a number outside of the vocabulary, and
    ///   a text without its end token; ``DualEncoderError/notFinite(output:index:)``; where the tower is not there or
    ///   not loaded.
    public func textEmbeddings(_ inputIDs: Tensor, attentionMask: Tensor? = nil) throws(DualEncoderError) -> Tensor {
        try textPass(inputIDs, attentionMask, profile: false).embeddings
    }

    func textPass(
        _ inputIDs: Tensor, _ attentionMask: Tensor?, profile: Bool
    ) throws(DualEncoderError) -> (embeddings: Tensor, account: Workspace.Account) {
        let tower = try requireTextTower()
        let texts = try TextBatch(inputIDs, attentionMask, tower.configuration)
        let width = embeddingWidth
        let result = runtime.withWorkspace(profile: profile) { ws in
            let embeddings = Tensor(shape: Shape(texts.count, width)) { values in
                for part in texts.parts {
                    let states = tower.states(part.ids, shape: part.shape, hidden: part.hidden, ws)
                    tower.embeddings(states, at: part.places, ws).withFloats { source in
                        for (row, text) in part.texts.enumerated() {
                            _ = values[(text * width)...].update(
                                fromContentsOf: source[row * width..<(row + 1) * width])
                        }
                    }
                }
            }
            return (embeddings: embeddings, account: ws.account)
        }
        try Self.checkFinite(result.embeddings, "text_embeds")
        return result
    }

    /// Computes what conditions an image generator: the states of all tokens after the last norm, transformers'
    /// `last_hidden_state`, and the pooled token's among them, before any projection.
    ///
    /// - Parameters:
    ///   - inputIDs: 64-bit integers `[B, T]`, T at most ``contextLength``, with the special tokens of the model.
    ///   - attentionMask: 64-bit integers `[B, T]`, 0 for a token that no token sees; `nil` hides none.
    ///   - skipped: blocks at the end of the tower that are left out, 0 to all: the "clip skip" of image generators.
    /// - Returns: `[B, T, D]` and `[B, D]`.
    /// - Throws: as ``textEmbeddings(_:attentionMask:)``.
    public func textStates(
        _ inputIDs: Tensor, attentionMask: Tensor? = nil, skippingLast skipped: Int = 0
    ) throws(DualEncoderError) -> (lastHiddenState: Tensor, pooled: Tensor) {
        let tower = try requireTextTower()
        let depth = tower.configuration.depth
        guard skipped >= 0, skipped <= depth else {
            throw .input(expected: "0 to \(depth) blocks of the text tower to leave out", found: "\(skipped)")
        }
        let part = try TextBatch(inputIDs, attentionMask, tower.configuration, needsAll: true).whole
        let result = runtime.withWorkspace { ws in
            let states = tower.normalized(
                tower.states(part.ids, shape: part.shape, hidden: part.hidden, skipping: skipped, ws), ws)
            return (states.copied(), ws.tokens(part.places, of: states).copied())
        }
        try Self.checkFinite(result.0, "last_hidden_state")
        return result
    }

    /// The logits of every image with every text: the cosine of their embeddings, scaled, with the bias added where the
    /// model has one.
    ///
    /// - Parameters:
    ///   - images: `[n, embeddingWidth]`, normalised or not.
    ///   - texts: `[m, embeddingWidth]`, normalised or not.
    /// - Returns: `[n, m]`, transformers' `logits_per_image`.
    /// - Precondition: both have the embeddings' width.
    public func logitsPerImage(_ images: Tensor, _ texts: Tensor) -> Tensor {
        precondition(
            images.shape.rank == 2 && texts.shape.rank == 2 && images.shape[1] == embeddingWidth
                && texts.shape[1] == embeddingWidth, "logits of \(images.shape) and \(texts.shape)")
        return Similarity(texts, runtime).logits(images, scale: logitScale, bias: logitBias)
    }

    static func checkFinite(_ values: Tensor, _ output: String) throws(DualEncoderError) {
        if let index = values.firstNonFinite { throw .notFinite(output: output, index: index) }
    }
}
