import TensorCore

/// How pictures of one size are cut into windows, shifted or not (Liu et al. 2021, arXiv:2103.14030, section 3.2).
///
/// Pictures that no whole number of windows covers are padded with zeros below and on the right. A shifted cut begins
/// `shift` pixels further down and right, and what it leaves over at the top and left comes last; the pixels of a
/// window that were no neighbours before see each other through a bias of -100.
public struct Windows: Sendable {
    /// What comes first where a picture is both padded and shifted.
    public enum PaddingOrder: Sendable {
        /// The padding is shifted with the picture (transformers, torchvision).
        case paddedThenShifted
        /// The shifted picture is padded (timm).
        case shiftedThenPadded
    }

    /// Windows of a picture.
    public let count: Int
    /// Pixels of a window.
    public let pixels: Int
    /// The pixels of all windows, window by window.
    let cut: RowIndices
    /// Where each pixel of the picture lies among them.
    let joined: RowIndices
    let places: PlacedBias.Places

    /// The bias that keeps pixels apart that are no neighbours.
    private static let apart: Float = -100

    /// Cuts pictures of `height` x `width` pixels.
    ///
    /// - Parameters:
    ///   - height: rows of the picture.
    ///   - width: columns of the picture.
    ///   - window: rows and columns of a window.
    ///   - shift: rows and columns by which the windows are shifted, less than a window's.
    ///   - order: what comes first, padding or shift.
    public init(
        height: Int, width: Int, window: (height: Int, width: Int), shift: (height: Int, width: Int),
        order: PaddingOrder
    ) {
        precondition(min(height, width, window.height, window.width) > 0, "windows of \(height) x \(width)")
        precondition(shift.height < window.height && shift.width < window.width, "a shift by \(shift)")
        let down = (height + window.height - 1) / window.height
        let across = (width + window.width - 1) / window.width
        let (paddedHeight, paddedWidth) = (down * window.height, across * window.width)
        pixels = window.height * window.width
        count = down * across
        var cut: [Int] = []
        cut.reserveCapacity(count * pixels)
        for index in 0..<count * pixels {
            let (number, pixel) = (index / pixels, index % pixels)
            var row = number / across * window.height + pixel / window.width
            var column = number % across * window.width + pixel % window.width
            switch order {
            case .paddedThenShifted:
                row = (row + shift.height) % paddedHeight
                column = (column + shift.width) % paddedWidth
            case .shiftedThenPadded:
                if row < height { row = (row + shift.height) % height }
                if column < width { column = (column + shift.width) % width }
            }
            cut.append(row < height && column < width ? row * width + column : -1)
        }
        var joined = [Int](repeating: 0, count: height * width)
        for (place, pixel) in cut.enumerated() where pixel >= 0 { joined[pixel] = place }
        self.cut = RowIndices(cut)
        self.joined = RowIndices(joined)
        places = Self.places(window: window, shift: shift, down: down, across: across)
    }

    /// The table of biases for each head, `[heads, 9 distances]`: nine times all distances, first those between pixels
    /// of which the query's lies in an earlier row and column of regions, at last the opposite; the fifth are those
    /// between pixels of one region.
    ///
    /// - Parameters:
    ///   - values: `[distances, heads]`.
    ///   - distances: of a window.
    ///   - heads: number of heads.
    static func table(_ values: [Float], distances: Int, heads: Int) -> Tensor {
        Tensor(shape: Shape(heads, 9 * distances)) { table in
            for head in 0..<heads {
                for place in 0..<9 * distances {
                    let value = values[place % distances * heads + head]
                    table[head * 9 * distances + place] = place / distances == 4 ? value : value + apart
                }
            }
        }
    }

    /// Where the pixels of a window stand in the table: those of a window in the last row or column of windows that the
    /// shift filled up from the other side are of another region.
    private static func places(
        window: (height: Int, width: Int), shift: (height: Int, width: Int), down: Int, across: Int
    ) -> PlacedBias.Places {
        let rowLength = 2 * window.width - 1
        let distances = (2 * window.height - 1) * rowLength
        let centre = 4 * distances + (window.height - 1) * rowLength + window.width - 1
        var queries: [[Int]] = []
        for (isLastRow, isLastColumn) in [(false, false), (false, true), (true, false), (true, true)] {
            queries.append(
                (0..<window.height * window.width).map { pixel in
                    let (row, column) = (pixel / window.width, pixel % window.width)
                    let below = isLastRow && row >= window.height - shift.height
                    let beside = isLastColumn && column >= window.width - shift.width
                    return row * rowLength + column + (below ? 3 * distances : 0) + (beside ? distances : 0)
                })
        }
        let variants = (0..<down * across).map { number in
            (number / across == down - 1 ? 2 : 0) + (number % across == across - 1 ? 1 : 0)
        }
        return PlacedBias.Places(
            queries: queries, keys: queries.map { $0.map { centre - $0 } }, variants: variants)
    }
}
