import CImageCodecs

/// The RIFF structure around WebP bitstreams (WebP Container Specification), as far as it is needed to find the first
/// frame, its place on the canvas, and the orientation.
struct WebPContainer {
    /// A frame of an animation.
    struct Frame {
        let x: Int
        let y: Int
        let width: Int
        let height: Int
        /// The frame's own chunks.
        let range: Range<Int>
    }

    let bytes: [UInt8]
    /// The end of the RIFF chunk; what follows it is not looked at.
    private(set) var end: Int
    /// The size of the whole picture, where the extended header gives one.
    private(set) var canvas: (width: Int, height: Int)?
    /// The first frame of an animation.
    private(set) var frame: Frame?
    private(set) var metadata = OrientationMetadata()

    private static let codec = Codec(name: "WebP", header: ic_webp_header, pixels: ic_webp_decode)
    private enum Flag {
        static let animation: UInt8 = 0x02
        static let xmp: UInt8 = 0x04
        static let exif: UInt8 = 0x08
    }

    init(_ bytes: [UInt8]) throws(ImageError) {
        let file = ByteReader(bytes)
        self.bytes = bytes
        guard let size = file.integer(4, width: 4, .little), let riff = file.part(8, size), size >= 12 else {
            throw ImageError(.truncated(type: "WebP"))
        }
        end = riff.range.upperBound
        guard riff.has("VP8X", at: 4) else { return }
        guard let flags = riff.byte(12), let width = riff.integer(16, width: 3, .little),
            let height = riff.integer(19, width: 3, .little)
        else { throw ImageError(.truncated(type: "WebP")) }
        canvas = (width + 1, height + 1)
        try readChunks(of: riff, flags: flags)
        if flags & Flag.animation != 0, frame == nil {
            throw ImageError(.malformed(type: "WebP", reason: "an animation without frames"))
        }
    }

    private mutating func readChunks(of riff: ByteReader, flags: UInt8) throws(ImageError) {
        var offset = 4
        while offset < riff.count {
            guard let length = riff.integer(offset + 4, width: 4, .little), let body = riff.part(offset + 8, length)
            else { throw ImageError(.truncated(type: "WebP")) }
            if riff.has("ANMF", at: offset), flags & Flag.animation != 0, frame == nil {
                frame = try Self.readFrame(body)
            } else if riff.has("EXIF", at: offset), flags & Flag.exif != 0, metadata.exif.isEmpty {
                metadata.exif = Array(bytes[body.range])
            } else if riff.has("XMP ", at: offset), flags & Flag.xmp != 0, metadata.xmp.isEmpty {
                metadata.xmp = Array(bytes[body.range])
            }
            // Chunks start at even offsets.
            offset += 8 + length + length % 2
        }
    }

    private static func readFrame(_ body: ByteReader) throws(ImageError) -> Frame {
        guard let x = body.integer(0, width: 3, .little), let y = body.integer(3, width: 3, .little),
            let width = body.integer(6, width: 3, .little), let height = body.integer(9, width: 3, .little),
            let data = body.part(16, body.count - 16)
        else { throw ImageError(.truncated(type: "WebP")) }
        return Frame(x: 2 * x, y: 2 * y, width: width + 1, height: height + 1, range: data.range)
    }

    /// The picture, or the first frame of an animation on its canvas, whose other pixels are 0 and transparent.
    func decode(_ limits: ImageLimits) throws(ImageError) -> Image {
        guard let frame, let canvas else { return try Self.codec.decode(bytes, range: 0..<end, limits) }
        guard frame.x + frame.width <= canvas.width, frame.y + frame.height <= canvas.height else {
            throw ImageError(.malformed(type: "WebP", reason: "a frame lies outside of the canvas"))
        }
        guard canvas.width <= limits.side, canvas.height <= limits.side,
            canvas.width * canvas.height <= limits.pixels
        else {
            throw ImageError(
                .limit(
                    type: "WebP",
                    reason: "\(canvas.width) x \(canvas.height) pixels; at most \(limits.pixels) are read"))
        }
        let picture = try Self.codec.decode(bytes, range: frame.range, limits)
        guard picture.width == frame.width, picture.height == frame.height else {
            throw ImageError(.malformed(type: "WebP", reason: "a frame's size is not what its header says"))
        }
        if picture.width == canvas.width, picture.height == canvas.height { return picture }
        return picture.placed(x: frame.x, y: frame.y, width: canvas.width, height: canvas.height)
    }
}

extension Image {
    /// The RGB or RGBA picture on a transparent canvas that contains it.
    fileprivate func placed(x: Int, y: Int, width canvasWidth: Int, height canvasHeight: Int) -> Image {
        var out = [UInt8](repeating: 0, count: 4 * canvasWidth * canvasHeight)
        let size = mode.bytesPerPixel
        for row in 0..<height {
            for column in 0..<width {
                let from = (row * width + column) * size
                let to = ((y + row) * canvasWidth + x + column) * 4
                for k in 0..<3 { out[to + k] = bytes[from + k] }
                out[to + 3] = mode == .rgba ? bytes[from + 3] : 255
            }
        }
        return Image(width: canvasWidth, height: canvasHeight, mode: .rgba, bytes: out)
    }
}
