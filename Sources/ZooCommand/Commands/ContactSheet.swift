import Checkpoints
import Media

/// Pictures side by side, each with a line for its rank and score and one for its name.
struct ContactSheet {
    /// The side of the square that a picture is fitted into, in pixels.
    static let side = 240
    private static let gap = 16
    /// Pixels of a dot of a letter.
    private static let dot = 2
    private static let lineHeight = (ContactSheetFont.height + 2) * dot
    private static let captionGap = 8
    private static let captionHeight = captionGap + 2 * lineHeight
    private static let paper: UInt8 = 244
    private static let frame: UInt8 = 224
    private static let ink: UInt8 = 24
    /// Letters that a caption has room for.
    static let lettersALine = side / (ContactSheetFont.advance * dot)

    private let columns: Int
    private let width: Int
    private let height: Int
    private var bytes: [UInt8]

    /// An empty sheet with room for `count` pictures, about as many in a row as there are rows.
    init(count: Int) {
        var columns = 1
        while columns * columns < count { columns += 1 }
        let rows = max(1, (count + columns - 1) / columns)
        self.columns = columns
        width = Self.gap + columns * (Self.side + Self.gap)
        height = Self.gap + rows * (Self.side + Self.captionHeight + Self.gap)
        bytes = [UInt8](repeating: Self.paper, count: width * height * 3)
    }

    /// The sheet so far.
    var image: Image { Image(width: width, height: height, mode: .rgb, bytes: bytes) }

    /// Puts a picture in a place, counted along the rows.
    ///
    /// - Parameters:
    ///   - picture: fitted into a square, its aspect kept; `nil` leaves an empty frame.
    ///   - lines: what stands below it, two lines at most.
    mutating func put(_ picture: Image?, at place: Int, lines: [String]) throws(ImageError) {
        let left = Self.gap + place % columns * (Self.side + Self.gap)
        let top = Self.gap + place / columns * (Self.side + Self.captionHeight + Self.gap)
        if let picture {
            let fitted = try Self.fitted(picture)
            paste(
                fitted, left: left + (Self.side - fitted.width) / 2, top: top + (Self.side - fitted.height) / 2)
        } else {
            fill(left: left, top: top, width: Self.side, height: Self.side, Self.frame)
        }
        for (number, line) in lines.prefix(2).enumerated() {
            let start = top + Self.side + Self.captionGap + number * Self.lineHeight
            ContactSheetFont.draw(Self.shortened(line)) { column, row in
                fill(
                    left: left + column * Self.dot, top: start + row * Self.dot, width: Self.dot, height: Self.dot,
                    Self.ink)
            }
        }
    }

    /// A picture in RGB, as large as the square allows.
    private static func fitted(_ picture: Image) throws(ImageError) -> Image {
        let scale = Double(side) / Double(max(picture.width, picture.height))
        let width = max(1, Int((Double(picture.width) * scale).rounded()))
        let height = max(1, Int((Double(picture.height) * scale).rounded()))
        let opaque = picture.opaque(on: Int(paper))
        return try opaque.resized(width: width, height: height, filter: scale < 1 ? .lanczos : .bicubic)
    }

    /// A text that fits a line: where it is too long, its middle is left out, as names differ at their ends.
    static func shortened(_ text: String) -> String {
        guard text.count > lettersALine else { return text }
        let end = (lettersALine - 2) / 2
        return "\(text.prefix(lettersALine - 2 - end))..\(text.suffix(end))"
    }

    private mutating func paste(_ picture: Image, left: Int, top: Int) {
        for row in 0..<picture.height {
            let source = row * picture.width * 3
            let target = ((top + row) * width + left) * 3
            for place in 0..<picture.width * 3 { bytes[target + place] = picture.bytes[source + place] }
        }
    }

    private mutating func fill(left: Int, top: Int, width columns: Int, height rows: Int, _ value: UInt8) {
        for row in top..<min(top + rows, height) {
            for place in (row * width + left) * 3..<(row * width + min(left + columns, width)) * 3 {
                bytes[place] = value
            }
        }
    }
}

extension ContactSheet {
    /// Writes a sheet of what a search found. A picture that cannot be used leaves an empty frame and is reported.
    static func write(_ hits: [SearchHit], to path: String, _ context: CommandContext) throws -> ExitCode {
        var sheet = ContactSheet(count: hits.count)
        var tally = FailureTally()
        let progress = context.progress("sheet", total: hits.count)
        for (place, hit) in hits.enumerated() {
            if let code = Interruption.exitCode {
                progress.finish()
                context.note("stopped; no sheet was written")
                return code
            }
            var picture: Image?
            switch ImageStream.decode(hit.path) {
            case .success(let image):
                picture = image
                tally.add(nil)
            case .failure(let failure):
                tally.add(failure)
                progress.message("\(Failure("\(hit.path.shown): \(failure.message)", failure.exitCode))")
            }
            let name = FileSystem.lastComponent(hit.path.text)
            try sheet.put(picture, at: place, lines: ["\(place + 1)  \(Format.decimal(Double(hit.score), 3))", name])
            progress.advance()
        }
        progress.finish()
        try FileSystem.write(try sheet.image.pngFile(), to: path)
        return tally.exitCode
    }
}

extension Image {
    /// The picture in RGB, where it can be seen through on a grey; 16-bit grey is scaled.
    fileprivate func opaque(on paper: Int) -> Image {
        guard mode == .rgba || mode == .greyAlpha else { return rgb(grey16: .scale) }
        let size = mode.bytesPerPixel
        var opaque: [UInt8] = []
        opaque.reserveCapacity(width * height * 3)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let alpha = Int(bytes[start + size - 1])
            for channel in 0..<3 {
                let value = Int(bytes[start + (mode == .rgba ? channel : 0)])
                opaque.append(UInt8((value * alpha + paper * (255 - alpha) + 127) / 255))
            }
        }
        return Image(width: width, height: height, mode: .rgb, bytes: opaque)
    }
}
