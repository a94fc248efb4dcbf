/// A picture in memory: 8-bit samples, interleaved, rows from the top without padding.
public struct Image: Sendable, Equatable {
    /// What a pixel's bytes are; the names of Pillow's modes are given for each.
    public enum Mode: Sendable, Equatable, CaseIterable {
        /// Grey, one byte (`L`).
        case grey
        /// Grey and alpha, two bytes (`LA`).
        case greyAlpha
        /// Red, green, blue (`RGB`).
        case rgb
        /// Red, green, blue and alpha, not premultiplied (`RGBA`).
        case rgba
        /// Cyan, magenta, yellow and black; 255 is full ink (`CMYK`).
        case cmyk
        /// 16-bit grey, two bytes, the low one first (`I;16`).
        case grey16

        /// The bytes of a pixel.
        public var bytesPerPixel: Int {
            switch self {
            case .grey: 1
            case .greyAlpha, .grey16: 2
            case .rgb: 3
            case .rgba, .cmyk: 4
            }
        }
    }

    /// Pixels in a row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// What a pixel's bytes are.
    public let mode: Mode
    /// `height * width * mode.bytesPerPixel` bytes.
    public let bytes: [UInt8]

    /// A picture of given bytes.
    ///
    /// - Precondition: `width` and `height` are positive and `bytes.count` is `height * width * mode.bytesPerPixel`.
    public init(width: Int, height: Int, mode: Mode, bytes: [UInt8]) {
        precondition(width > 0 && height > 0, "Image: width and height must be positive, not \(width) x \(height)")
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        precondition(
            !overflow && bytes.count / mode.bytesPerPixel == pixels && bytes.count % mode.bytesPerPixel == 0,
            "Image: \(bytes.count) bytes are not \(width) x \(height) pixels of \(mode)")
        self.width = width
        self.height = height
        self.mode = mode
        self.bytes = bytes
    }
}
