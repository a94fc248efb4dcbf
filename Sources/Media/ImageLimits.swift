/// How large a picture may be before it is refused. Sizes are checked before memory is taken.
public struct ImageLimits: Sendable, Equatable {
    /// The largest file, in bytes.
    public var fileBytes: Int
    /// The most pixels, width times height.
    public var pixels: Int
    /// The largest width and height.
    public var side: Int
    /// The most scans of a progressive JPEG.
    public var scans: Int

    /// The limits; the defaults are 64 MiB, 89,478,485 pixels (where Pillow warns of a decompression bomb), 65,535
    /// pixels a side and 100 scans.
    ///
    /// - Precondition: all are positive; `side` and `scans` are at most 1,000,000 and `fileBytes` at most 1 GiB.
    public init(
        fileBytes: Int = 64 << 20, pixels: Int = 89_478_485, side: Int = 65_535, scans: Int = 100
    ) {
        precondition(fileBytes > 0 && fileBytes <= 1 << 30 && pixels > 0, "ImageLimits: out of range")
        precondition((1...1_000_000).contains(side) && (1...1_000_000).contains(scans), "ImageLimits: out of range")
        self.fileBytes = fileBytes
        self.pixels = pixels
        self.side = side
        self.scans = scans
    }
}
