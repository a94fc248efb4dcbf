internal import CLibSndFile
internal import Files
import Synchronization

/// Frames of a compressed file: FLAC, Ogg and MP3, decoded by libsndfile.
///
/// The library sees the part of the file that ``FLACHeader``, ``OggPages`` or ``MP3Frames`` has looked through, by
/// calls that cannot read beyond it, so that none of its many other readers is ever asked.
final class SndFileSource: FrameSource {
    private let window: Window
    private let handle: OpaquePointer
    private let type: String
    /// Whether fewer frames than promised mean damage. Of MP3 the number is an estimate.
    private let isExact: Bool
    private var done = 0

    /// Held while a file is opened: the library keeps why that failed in one place for all threads.
    private static let opening = Mutex(())

    let rate: Int
    let channels: Int
    let frames: Int?
    var name: String { window.bytes.name }

    /// The file as the library sees it.
    private final class Window {
        let bytes: FileBytes
        let start: Int
        /// What went wrong while the library read.
        var failure: AudioError?

        init(_ bytes: FileBytes) {
            self.bytes = bytes
            start = bytes.position
        }

        static func of(_ pointer: UnsafeMutableRawPointer?) -> Window? {
            pointer.map { Unmanaged<Window>.fromOpaque($0).takeUnretainedValue() }
        }
    }

    /// - Parameters:
    ///   - bytes: stands at the first byte of the format itself.
    ///   - format: ``AudioFormat/flac``, ``AudioFormat/ogg`` or ``AudioFormat/mp3``.
    init(_ bytes: FileBytes, _ format: AudioFormat, limits: AudioLimits) throws(AudioError) {
        let name = bytes.name
        let window = Window(bytes)
        // The library's pointer to it does not keep it; closing after an error may still ask it.
        defer { withExtendedLifetime(window) {} }
        let (type, major) =
            switch format {
            case .flac: ("FLAC", SF_FORMAT_FLAC)
            case .ogg: ("Ogg", SF_FORMAT_OGG)
            default: ("MP3", SF_FORMAT_MPEG)
            }
        var calls = Self.calls
        var info = SF_INFO()
        var opened: OpaquePointer?
        var code: Int32 = 0
        Self.opening.withLock { _ in
            opened = sf_open_virtual(
                &calls, Int32(SFM_READ), &info, Unmanaged.passUnretained(window).toOpaque())
            if opened == nil { code = sf_error(nil) }
        }
        if let failure = window.failure {
            if let opened { sf_close(opened) }
            throw failure
        }
        guard let handle = opened else {
            throw .malformed(file: name, type: type, reason: Self.text(code))
        }
        do throws(AudioError) {
            guard Int(info.format) & Int(SF_FORMAT_TYPEMASK) == Int(major) else {
                throw .malformed(file: name, type: type, reason: "its content contradicts its first bytes")
            }
            try limits.check(name, rate: Int(info.samplerate), channels: Int(info.channels))
        } catch {
            sf_close(handle)
            throw error
        }
        self.window = window
        self.handle = handle
        self.type = type
        isExact = major != SF_FORMAT_MPEG
        // A number near the type's limit stands for "not known".
        frames = info.frames >= 0 && info.frames < Int64.max / 2 ? Int(info.frames) : nil
        rate = Int(info.samplerate)
        channels = Int(info.channels)
    }

    deinit { sf_close(handle) }

    func read(_ count: Int, into interleaved: UnsafeMutablePointer<Float>) throws(AudioError) -> Int {
        let got = Int(sf_readf_float(handle, interleaved, Int64(count)))
        if let failure = window.failure { throw failure }
        let code = sf_error(handle)
        guard code == 0 else {
            let place = "after frame \(done + max(got, 0)): "
            throw .malformed(file: name, type: type, reason: place + Self.text(code))
        }
        guard got > 0 else {
            if isExact, let frames, done < frames {
                throw .truncated(file: name, type: type, promised: frames, found: done, unit: "frames")
            }
            return 0
        }
        done += got
        return got
    }

    /// The library's words for an error, without its frills.
    private static func text(_ code: Int32) -> String {
        guard let words = sf_error_number(code) else { return "error \(code)" }
        var text = String(cString: words)
        if text.hasPrefix("Error : ") { text.removeFirst(8) }
        if text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
        return text
    }

    private static let calls = SF_VIRTUAL_IO(
        get_filelen: { pointer in
            guard let window = Window.of(pointer) else { return -1 }
            return Int64(window.bytes.end - window.start)
        },
        seek: { offset, origin, pointer in
            guard let window = Window.of(pointer) else { return -1 }
            let size = window.bytes.end - window.start
            let base =
                switch origin {
                case SEEK_SET: 0
                case SEEK_CUR: window.bytes.position - window.start
                default: size
                }
            let (target, overflow) = base.addingReportingOverflow(Int(offset))
            guard !overflow, (0...size).contains(target) else { return -1 }
            window.bytes.position = window.start + target
            return Int64(target)
        },
        read: { buffer, count, pointer in
            guard let window = Window.of(pointer), let buffer, count > 0, window.failure == nil else { return 0 }
            do throws(AudioError) {
                return Int64(
                    try window.bytes.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))))
            } catch {
                window.failure = error
                return 0
            }
        },
        write: { _, _, _ in 0 },
        tell: { pointer in
            guard let window = Window.of(pointer) else { return -1 }
            return Int64(window.bytes.position - window.start)
        })
}
