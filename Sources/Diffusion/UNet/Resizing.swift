package import TensorCore

/// A change of pictures to half or twice their size that has no weights.
package enum Resizing: Sendable {
    /// Means of two by two pixels; an odd row or column at the end has no say.
    case averaged
    /// Every pixel four times.
    case repeated
    /// Half the size through the filter (1, 3, 3, 1).
    case blurredDown(Resampling.BlurBorder)
    /// Twice the size through the filter (1, 3, 3, 1).
    case blurredUp(Resampling.BlurBorder)

    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', C]`.
    package func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        switch self {
        case .averaged: ws.pooled(x, .average, window: Window(2, stride: 2))
        case .repeated: resampled(x, .nearest, doubles: true, ws)
        case .blurredDown(let border): resampled(x, .blurred(border), doubles: false, ws)
        case .blurredUp(let border): resampled(x, .blurred(border), doubles: true, ws)
        }
    }

    private func resampled(_ x: Tensor, _ method: Resampling.Method, doubles: Bool, _ ws: Workspace) -> Tensor {
        let (height, width) = (x.shape[1], x.shape[2])
        return ws.resampled(
            x,
            Resampling(
                method, height: height, width: width, outputHeight: doubles ? 2 * height : height / 2,
                outputWidth: doubles ? 2 * width : width / 2))
    }
}
