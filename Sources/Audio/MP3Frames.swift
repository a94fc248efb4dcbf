/// The frames of an MP3 file (ISO 11172-3 and 13818-3, layer III), looked through before they are decoded.
///
/// Decoders search on where a frame is missing, and words are lost with it. So frame must follow frame, all of one
/// version, rate and number of channels, up to the end or a tag; the last must be whole; and there must be as many as a
/// `Xing` or `Info` header promises.
enum MP3Frames {
    /// Looks at all frames from where `bytes` stands, and ends it after the last.
    ///
    /// - Throws: ``AudioError``: damaged or cut short, or changing in a way that is not read.
    static func check(_ bytes: FileBytes) throws(AudioError) {
        let name = bytes.name
        let end = bytes.end
        var first: Frame?
        var (count, promised) = (0, 0)
        var start = bytes.position
        while end - start >= 4 {
            bytes.position = start
            let head = try bytes.bytes(first == nil ? 192 : 4)
            guard let frame = Frame(head) else {
                // Tags and padding may follow the last frame.
                if count > 0, isTag(head) || head.prefix(4).allSatisfy({ $0 == 0 }) { break }
                throw .malformed(file: name, type: "MP3", reason: "at byte \(start): no frame begins here")
            }
            guard frame.size > 0 else {
                throw .unsupported(file: name, type: "MP3 of free bit rate", advice: AudioFormat.advice)
            }
            if let first {
                guard frame.kind == first.kind else {
                    throw .unsupported(
                        file: name, type: "MP3 that changes its rate or channels (at byte \(start))",
                        advice: AudioFormat.advice)
                }
            } else {
                first = frame
                promised = frame.promisedFrames(head)
            }
            guard frame.size <= end - start else {
                throw .truncated(
                    file: name, type: "MP3 frame", promised: frame.size, found: end - start, unit: "bytes")
            }
            start += frame.size
            count += 1
        }
        guard count >= promised else {
            throw .truncated(file: name, type: "MP3", promised: promised, found: count, unit: "MP3 frames")
        }
        bytes.end = start
    }

    private static func isTag(_ head: [UInt8]) -> Bool {
        ["TAG", "APET", "LYRI", "ID3"].contains { head.has($0) }
    }

    /// What the four bytes at a frame's start say.
    private struct Frame {
        /// What must be the same of all frames.
        struct Kind: Equatable {
            var version: UInt8
            var rateCode: UInt8
            var isMono: Bool
        }

        let kind: Kind
        /// Bytes from this frame to the next; 0 where that is not said.
        let size: Int
        private let hasChecksum: Bool

        init?(_ head: [UInt8]) {
            guard head.count >= 4, AudioFormat(head) == .mp3 else { return nil }
            let version = head[1] >> 3 & 3
            let rateCode = head[2] >> 2 & 3
            kind = Kind(version: version, rateCode: rateCode, isMono: head[3] >> 6 == 3)
            hasChecksum = head[1] & 1 == 0
            // Version 3 is MPEG-1; 2 and 0 are MPEG-2 and its extension to lower rates.
            let rate = [44_100, 48_000, 32_000][Int(rateCode)] >> [2, 0, 1, 0][Int(version)]
            let index = Int(head[2] >> 4)
            let kilobits =
                version == 3
                ? [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][index]
                : [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160][index]
            let padding = Int(head[2] >> 1 & 1)
            size = index == 0 ? 0 : (version == 3 ? 144_000 : 72_000) * kilobits / rate + padding
        }

        /// How many frames a first frame that is a `Xing` or `Info` header promises; 0 where it does not say. Some
        /// encoders count that frame, too, others do not.
        func promisedFrames(_ head: [UInt8]) -> Int {
            let side = kind.version == 3 ? (kind.isMono ? 17 : 32) : (kind.isMono ? 9 : 17)
            let at = 4 + (hasChecksum ? 2 : 0) + side
            guard head.count >= at + 12, head.has("Xing", at: at) || head.has("Info", at: at), head[at + 7] & 1 == 1
            else { return 0 }
            return head.big32(at + 8)
        }
    }
}
