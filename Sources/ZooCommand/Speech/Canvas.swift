import Media

/// A picture that is being drawn on: pixels in RGB from the top left corner. What lies outside is left out.
struct Canvas {
    /// A colour, 0 to 255 a channel.
    struct Colour: Equatable {
        let red: UInt8
        let green: UInt8
        let blue: UInt8

        init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

        /// The colour at `share` (0 to 1) of the way to another.
        func mixed(_ other: Colour, _ share: Double) -> Colour {
            func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
                UInt8((Double(a) + (Double(b) - Double(a)) * min(1, max(0, share))).rounded())
            }
            return Colour(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
        }
    }

    /// Pixels in a row.
    let width: Int
    /// Rows.
    let height: Int
    private var bytes: [UInt8]

    /// An empty picture.
    init(width: Int, height: Int, paper: Colour) {
        (self.width, self.height) = (width, height)
        bytes = []
        bytes.reserveCapacity(width * height * 3)
        for _ in 0..<width * height { bytes += [paper.red, paper.green, paper.blue] }
    }

    /// The picture so far.
    var image: Image { Image(width: width, height: height, mode: .rgb, bytes: bytes) }

    /// The colour of a pixel inside.
    subscript(x: Int, y: Int) -> Colour {
        let place = (y * width + x) * 3
        return Colour(bytes[place], bytes[place + 1], bytes[place + 2])
    }

    /// Colours a rectangle; an opacity below 1 lets shine through what was there.
    mutating func fill(x columns: Range<Int>, y rows: Range<Int>, _ colour: Colour, opacity: Double = 1) {
        let columns = columns.clamped(to: 0..<width)
        for row in rows.clamped(to: 0..<height) {
            for column in columns {
                let mixed = opacity == 1 ? colour : self[column, row].mixed(colour, opacity)
                let place = (row * width + column) * 3
                (bytes[place], bytes[place + 1], bytes[place + 2]) = (mixed.red, mixed.green, mixed.blue)
            }
        }
    }

    /// Writes a line of text, its upper left corner at a place.
    ///
    /// - Parameter dot: the side of a letter's dots in pixels.
    mutating func write(_ text: String, x: Int, y: Int, dot: Int, _ colour: Colour) {
        ContactSheetFont.draw(text) { column, row in
            let (left, top) = (x + column * dot, y + row * dot)
            fill(x: left..<left + dot, y: top..<top + dot, colour)
        }
    }

    /// The pixels that a line of text takes from left to right.
    static func width(of text: String, dot: Int) -> Int {
        max(0, text.count * ContactSheetFont.advance - 1) * dot
    }
}
