/// Neighbouring channels of a picture that several operations write side by side: concatenation without a copy.
public struct ChannelSlot: Sendable {
    /// The whole picture, `[B, H, W, C]`.
    let target: Tensor
    /// The place among the C channels.
    let range: Range<Int>

    /// Where the slot's channels of the first pixel lie.
    var pointer: UnsafeMutablePointer<Float> { target.mutableKernelPointer + range.lowerBound }
}

extension Tensor {
    /// Some of a picture's channels, for an operation to write.
    ///
    /// - Parameter range: places among the channels of `[B, H, W, C]`.
    /// - Precondition: the range lies among the channels, and nothing has read them yet.
    public func slot(_ range: Range<Int>) -> ChannelSlot {
        precondition(
            shape.rank == 4 && range.lowerBound >= 0 && range.upperBound <= shape[3], "channels \(range) of \(shape)")
        return ChannelSlot(target: self, range: range)
    }
}

extension Workspace {
    /// Memory for a picture that is written slot by slot; see ``Tensor/slot(_:)``. What no operation has written is
    /// undefined.
    ///
    /// - Parameter shape: `[B, H, W, C]`.
    public func unwritten(_ shape: Shape) -> Tensor {
        precondition(shape.rank == 4, "a picture of \(shape)")
        return allocate(shape)
    }

    /// The tensor that an operation writes, and the channels of it: a slot, or a new tensor where there is none.
    func target(_ shape: Shape, _ slot: ChannelSlot?, _ dtype: DType = .float32) -> ChannelSlot {
        guard let slot else { return ChannelSlot(target: allocate(shape, dtype), range: 0..<shape[3]) }
        let whole = slot.target.shape
        precondition(
            whole[0] == shape[0] && whole[1] == shape[1] && whole[2] == shape[2] && slot.range.count == shape[3],
            "\(shape) for the channels \(slot.range) of \(whole)")
        return slot
    }
}
