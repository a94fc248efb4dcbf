/// The stream information of a FLAC file (RFC 9639, section 8.2), looked at before it is decoded.
enum FLACHeader {
    /// - Parameter head: the file's first ``AudioFormat/headBytes``, after its tags.
    /// - Throws: ``AudioError``: no stream information, beyond a limit, or a width that the decoder has not.
    static func check(_ head: [UInt8], _ name: String, _ limits: AudioLimits) throws(AudioError) {
        // "fLaC", type and length of the first block, block and frame sizes; then 20 bits of rate, 3 of channels less
        // one, 5 of width less one.
        guard head.count >= 42, head[4] & 0x7F == 0, head.big32(4) & 0xFF_FFFF == 34 else {
            throw .malformed(file: name, type: "FLAC", reason: "it does not begin with its stream information")
        }
        try limits.check(name, rate: head.big32(18) >> 12, channels: Int(head[20] >> 1 & 7) + 1)
        let bits = Int(head[20] & 1) << 4 | Int(head[21] >> 4) + 1
        guard [8, 16, 24].contains(bits) else {
            throw .unsupported(file: name, type: "FLAC of \(bits) bits", advice: "convert it to 16 or 24 bits")
        }
    }
}
