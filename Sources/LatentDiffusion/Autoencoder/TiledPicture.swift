/// A picture that is put together of parts, row by row of parts, as diffusers' `AutoencoderKL.tiled_decode` does: each
/// part fades into the one above, then into the one to its left, and keeps what it shares with neither the next.
struct TiledPicture {
    /// A decoded part, channel by channel.
    struct Part {
        var values: [Float]
        var height: Int
        var width: Int
    }

    private let channels: Int
    /// Rows and columns in which parts fade into each other.
    private let blend: Int
    /// Rows and columns that a part gives at most.
    private let limit: Int
    private var above: [Part] = []
    private var current: [Part] = []

    /// - Parameters:
    ///   - channels: of the picture.
    ///   - blend: rows and columns in which parts fade into each other.
    ///   - limit: rows and columns that a part gives at most.
    init(channels: Int, blend: Int, limit: Int) { (self.channels, self.blend, self.limit) = (channels, blend, limit) }

    /// Takes the next part of a row.
    mutating func append(_ part: Part) {
        var part = part
        if current.count < above.count { fade(above[current.count], into: &part, isAbove: true) }
        if let left = current.last { fade(left, into: &part, isAbove: false) }
        current.append(part)
    }

    /// Ends a row of parts.
    ///
    /// - Parameters:
    ///   - picture: the whole, `[channels, height, width]`, which the row is written into.
    ///   - top: the row of pixels it begins at.
    ///   - height: of the whole.
    ///   - width: of the whole.
    mutating func endRow(
        into picture: UnsafeMutableBufferPointer<Float>, top: Int, height: Int, width: Int
    ) {
        var left = 0
        for part in current {
            let (rows, columns) = (min(part.height, limit, height - top), min(part.width, limit, width - left))
            for channel in 0..<channels {
                for row in 0..<rows {
                    let source = (channel * part.height + row) * part.width
                    let target = (channel * height + top + row) * width + left
                    for column in 0..<columns { picture[target + column] = part.values[source + column] }
                }
            }
            left += columns
        }
        above = current
        current = []
    }

    private func fade(_ first: Part, into second: inout Part, isAbove: Bool) {
        let extent = isAbove ? min(first.height, second.height, blend) : min(first.width, second.width, blend)
        for step in 0..<extent {
            let share = Double(step) / Double(extent)
            let (old, new) = (Float(1 - share), Float(share))
            for channel in 0..<channels {
                for place in 0..<(isAbove ? min(first.width, second.width) : min(first.height, second.height)) {
                    let (from, to) =
                        isAbove
                        ? (
                            (channel * first.height + first.height - extent + step) * first.width + place,
                            (channel * second.height + step) * second.width + place
                        )
                        : (
                            (channel * first.height + place) * first.width + first.width - extent + step,
                            (channel * second.height + place) * second.width + step
                        )
                    second.values[to] = first.values[from] * old + second.values[to] * new
                }
            }
        }
    }
}
