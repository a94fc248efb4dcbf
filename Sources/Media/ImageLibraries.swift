import CImageCodecs

/// The libraries that read pictures.
public enum ImageLibraries {
    /// Names and versions: those of libpng and libwebp as loaded, that of libjpeg-turbo as compiled against.
    public static var versions: [(name: String, version: String)] {
        let webp = ic_webp_version()
        return [
            ("libpng", String(cString: ic_png_version())),
            ("libjpeg-turbo", String(cString: ic_jpeg_version())),
            ("libwebp", "\(webp >> 16).\(webp >> 8 & 255).\(webp & 255)"),
        ]
    }
}
