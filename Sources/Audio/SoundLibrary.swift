internal import CLibSndFile

/// The library that decodes FLAC, Ogg, Opus and MP3.
public enum SoundLibrary {
    /// The version of libsndfile as loaded, such as `1.2.0`.
    public static var version: String {
        let text = String(cString: sf_version_string())
        return text.hasPrefix("libsndfile-") ? String(text.dropFirst("libsndfile-".count)) : text
    }
}
