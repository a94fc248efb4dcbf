public import TensorCore

extension DualEncoder {
    /// Computes as ``imageEmbeddings(_:)`` does, and measures every operation.
    ///
    /// - Parameter pixelValues: `[B, 3, H, W]`.
    /// - Returns: what the passes cost; `allocations` is 0 where passes of the same shapes have run before.
    /// - Throws: as ``imageEmbeddings(_:)``.
    public func profile(pixelValues: Tensor) throws(DualEncoderError) -> Workspace.Account {
        try imagePass(pixelValues, profile: true).account
    }

    /// Computes as ``textEmbeddings(_:attentionMask:)`` does, and measures every operation.
    ///
    /// - Parameters:
    ///   - inputIDs: 64-bit integers `[B, T]`.
    ///   - attentionMask: 64-bit integers `[B, T]`; `nil` hides nothing.
    /// - Returns: what the passes cost; `allocations` is 0 where passes of the same shapes have run before.
    /// - Throws: as ``textEmbeddings(_:attentionMask:)``.
    public func profile(inputIDs: Tensor, attentionMask: Tensor? = nil) throws(DualEncoderError) -> Workspace.Account {
        try textPass(inputIDs, attentionMask, profile: true).account
    }

    /// Counts what a pass of one tower would cost, without running it: for images of the tower's own size, or texts of
    /// the context's length.
    ///
    /// - Parameters:
    ///   - tower: one of ``towers``; a model loaded with `plansOnly` will do.
    ///   - batch: images or texts, at least 1.
    /// - Throws: ``DualEncoderError`` where the tower is not there or the batch is empty.
    public func plan(_ tower: Tower, batch: Int) throws(DualEncoderError) -> Workspace.Account {
        guard batch >= 1 else { throw .input(expected: "a batch of at least 1", found: "\(batch)") }
        switch tower {
        case .image:
            let network = try requireImageTower()
            let shape = Shape([batch, network.channels] + (imageSize ?? [1, 1]))
            return runtime.plan { ws in _ = network(ws.channelsLast(Tensor(zeros: shape)), ws) }
        case .text:
            let network = try requireTextTower()
            let ids = [Int](repeating: 0, count: batch * contextLength)
            let places = [Int](repeating: contextLength - 1, count: batch)
            return runtime.plan { ws in
                let states = network.states(ids, shape: Shape(batch, contextLength), hidden: nil, ws)
                _ = network.embeddings(states, at: places, ws)
            }
        }
    }
}
