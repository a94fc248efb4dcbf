internal import Files

extension AudioClip {
    /// How samples are written.
    public enum WAVEncoding: Sendable, Equatable {
        /// 16-bit integers: the nearest to 32,768 times the sample, ties to even; beyond full scale the limit.
        case int16
        /// Single precision, as they are.
        case float32
    }

    /// Writes a WAV file of one channel: under another name first, so that the path never shows a part of it.
    ///
    /// - Throws: ``AudioError``: the system refuses, a sample is NaN or infinite, the rate is not positive, or the clip
    ///   is beyond the 4 GiB of the format. The file of that name is then as it was.
    public func writeWAV(to path: String, encoding: WAVEncoding = .int16) throws(AudioError) {
        let width = encoding == .int16 ? 2 : 4
        guard (1...Int(Int32.max) / width).contains(rate) else {
            throw .argument(what: "sampling rate", expected: "a positive number of Hz", found: "\(rate)")
        }
        let head = Self.head(encoding, rate: rate, count: samples.count)
        guard samples.count <= (Int(UInt32.max) - head.count) / width else {
            throw .limit(
                file: path, what: "length", found: "\(samples.count) samples", allowed: "the 4 GiB of a WAV file")
        }
        if let bad = samples.firstIndex(where: { !$0.isFinite }) {
            throw .sample(file: path, value: samples[bad], frame: bad, seconds: Double(bad) / Double(rate))
        }
        do {
            var file = try AtomicFile(path)
            try file.append(head)
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: samples.count, by: 16_384) {
                bytes.removeAll(keepingCapacity: true)
                for sample in samples[start..<min(start + 16_384, samples.count)] {
                    encoding == .int16
                        ? Self.append(Self.int16(sample), to: &bytes) : Self.append(sample.bitPattern, to: &bytes)
                }
                try file.append(bytes)
            }
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    /// The header up to the first sample. Floating point wants the longer fmt chunk and a fact chunk.
    private static func head(_ encoding: WAVEncoding, rate: Int, count: Int) -> [UInt8] {
        let isFloat = encoding == .float32
        let width = isFloat ? 4 : 2
        var format: [UInt8] = []
        append(UInt16(isFloat ? 3 : 1), to: &format)
        append(UInt16(1), to: &format)
        append(UInt32(truncatingIfNeeded: rate), to: &format)
        append(UInt32(truncatingIfNeeded: rate * width), to: &format)
        append(UInt16(width), to: &format)
        append(UInt16(8 * width), to: &format)
        if isFloat { append(UInt16(0), to: &format) }
        var chunks = Array("WAVE".utf8)
        chunk("fmt ", format, to: &chunks)
        if isFloat {
            var fact: [UInt8] = []
            append(UInt32(truncatingIfNeeded: count), to: &fact)
            chunk("fact", fact, to: &chunks)
        }
        chunks += Array("data".utf8)
        append(UInt32(truncatingIfNeeded: count * width), to: &chunks)
        var head = Array("RIFF".utf8)
        append(UInt32(truncatingIfNeeded: chunks.count + count * width), to: &head)
        return head + chunks
    }

    private static func chunk(_ name: String, _ body: [UInt8], to bytes: inout [UInt8]) {
        bytes += Array(name.utf8)
        append(UInt32(truncatingIfNeeded: body.count), to: &bytes)
        bytes += body
    }

    private static func int16(_ sample: Float) -> UInt16 {
        let scaled = (sample * 32_768).rounded(.toNearestOrEven)
        return UInt16(bitPattern: Int16(min(max(scaled, -32_768), 32_767)))
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for byte in 0..<value.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
}
