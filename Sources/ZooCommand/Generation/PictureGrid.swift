import Media

/// Pictures of one size in rows and columns, `4x8`.
struct PictureGrid: Equatable, Sendable {
    let rows: Int
    let columns: Int

    /// Pixels between two pictures and around all.
    private static let gap = 2
    private static let paper: UInt8 = 255

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// - Returns: `nil` where the text is not ROWSxCOLUMNS, each 1 to 100.
    init?(_ text: String) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let rows = sides[0], let columns = sides[1], (1...100).contains(rows),
            (1...100).contains(columns)
        else {
            return nil
        }
        self.init(rows: rows, columns: columns)
    }

    /// Places for pictures.
    var count: Int { rows * columns }

    /// One picture of all, along the rows; places that are left over stay white.
    ///
    /// - Throws: ``ImageError`` where there are none, too many, or two of different sizes or modes.
    func picture(of pictures: [Image]) throws(ImageError) -> Image {
        guard let first = pictures.first, pictures.count <= count,
            pictures.allSatisfy({ ($0.width, $0.height, $0.mode) == (first.width, first.height, first.mode) })
        else {
            throw ImageError(.request(reason: "\(pictures.count) pictures do not make a grid of \(rows)x\(columns)"))
        }
        let size = first.mode.bytesPerPixel
        let width = columns * (first.width + Self.gap) + Self.gap
        let height = rows * (first.height + Self.gap) + Self.gap
        var bytes = [UInt8](repeating: Self.paper, count: width * height * size)
        for (place, picture) in pictures.enumerated() {
            let left = Self.gap + place % columns * (first.width + Self.gap)
            let top = Self.gap + place / columns * (first.height + Self.gap)
            for row in 0..<picture.height {
                let source = row * picture.width * size
                let target = ((top + row) * width + left) * size
                bytes.replaceSubrange(
                    target..<target + picture.width * size,
                    with: picture.bytes[source..<source + picture.width * size])
            }
        }
        return Image(width: width, height: height, mode: first.mode, bytes: bytes)
    }
}
