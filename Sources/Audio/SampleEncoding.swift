/// How a sample of uncompressed sound is written.
///
/// Integers become fractions of full scale, value / 2^(bits - 1), exactly where they have at most 24 bits; 32-bit
/// integers and doubles are rounded to single precision.
enum SampleEncoding: String, Sendable, Equatable, CaseIterable {
    case u8, s8, s16le, s16be, s24le, s24be, s32le, s32be, f32le, f32be, f64le, f64be, alaw, mulaw

    /// Bytes of a sample.
    var width: Int {
        switch self {
        case .u8, .s8, .alaw, .mulaw: 1
        case .s16le, .s16be: 2
        case .s24le, .s24be: 3
        case .s32le, .s32be, .f32le, .f32be: 4
        case .f64le, .f64be: 8
        }
    }

    /// Decodes `count` samples, which are `count` times ``width`` bytes at any alignment.
    func decode(_ count: Int, from bytes: UnsafeRawPointer, to samples: UnsafeMutablePointer<Float>) {
        switch self {
        case .u8:
            for n in 0..<count { samples[n] = Float(Int32(bytes.load(fromByteOffset: n, as: UInt8.self)) - 128) / 128 }
        case .s8:
            for n in 0..<count { samples[n] = Float(bytes.load(fromByteOffset: n, as: Int8.self)) / 128 }
        case .s16le: integers(count, bytes, samples, 1 / 32_768) { Int16(littleEndian: $0) }
        case .s16be: integers(count, bytes, samples, 1 / 32_768) { Int16(bigEndian: $0) }
        case .s24le:
            for n in 0..<count {
                let at = bytes + 3 * n
                samples[n] = Self.fraction(
                    at.load(fromByteOffset: 2, as: UInt8.self), at.load(fromByteOffset: 1, as: UInt8.self),
                    at.load(as: UInt8.self))
            }
        case .s24be:
            for n in 0..<count {
                let at = bytes + 3 * n
                samples[n] = Self.fraction(
                    at.load(as: UInt8.self), at.load(fromByteOffset: 1, as: UInt8.self),
                    at.load(fromByteOffset: 2, as: UInt8.self))
            }
        case .s32le: integers(count, bytes, samples, 1 / 2_147_483_648) { Int32(littleEndian: $0) }
        case .s32be: integers(count, bytes, samples, 1 / 2_147_483_648) { Int32(bigEndian: $0) }
        case .f32le:
            floats(count, bytes, samples) { (word: UInt32) in Float(bitPattern: UInt32(littleEndian: word)) }
        case .f32be:
            floats(count, bytes, samples) { (word: UInt32) in Float(bitPattern: UInt32(bigEndian: word)) }
        case .f64le:
            floats(count, bytes, samples) { (word: UInt64) in Float(Double(bitPattern: UInt64(littleEndian: word))) }
        case .f64be:
            floats(count, bytes, samples) { (word: UInt64) in Float(Double(bitPattern: UInt64(bigEndian: word))) }
        case .alaw:
            for n in 0..<count { samples[n] = Self.alaw(bytes.load(fromByteOffset: n, as: UInt8.self)) }
        case .mulaw:
            for n in 0..<count { samples[n] = Self.mulaw(bytes.load(fromByteOffset: n, as: UInt8.self)) }
        }
    }

    @inline(__always)
    private func integers<Word: FixedWidthInteger & BitwiseCopyable>(
        _ count: Int, _ bytes: UnsafeRawPointer, _ samples: UnsafeMutablePointer<Float>, _ scale: Float,
        _ order: (Word) -> Word
    ) {
        for n in 0..<count {
            let word = bytes.loadUnaligned(fromByteOffset: n &* MemoryLayout<Word>.size, as: Word.self)
            samples[n] = Float(order(word)) * scale
        }
    }

    @inline(__always)
    private func floats<Word: FixedWidthInteger & BitwiseCopyable>(
        _ count: Int, _ bytes: UnsafeRawPointer, _ samples: UnsafeMutablePointer<Float>, _ value: (Word) -> Float
    ) {
        for n in 0..<count {
            samples[n] = value(bytes.loadUnaligned(fromByteOffset: n &* MemoryLayout<Word>.size, as: Word.self))
        }
    }

    @inline(__always)
    private static func fraction(_ high: UInt8, _ middle: UInt8, _ low: UInt8) -> Float {
        // In the upper bits of the word, so that its sign is the sample's.
        let word = UInt32(high) << 24 | UInt32(middle) << 16 | UInt32(low) << 8
        return Float(Int32(bitPattern: word) >> 8) / 8_388_608
    }

    /// ITU-T G.711, A-law: 13 bits, the even bits inverted.
    private static func alaw(_ byte: UInt8) -> Float {
        let code = byte ^ 0x55
        let exponent = Int32(code >> 4 & 7)
        let step = Int32(code & 15) << 4
        let magnitude = exponent == 0 ? step + 8 : (step + 0x108) << (exponent - 1)
        return Float(code & 0x80 == 0 ? -magnitude : magnitude) / 32_768
    }

    /// ITU-T G.711, mu-law: 14 bits, all bits inverted.
    private static func mulaw(_ byte: UInt8) -> Float {
        let code = ~byte
        let magnitude = ((Int32(code & 15) << 3) + 0x84) << Int32(code >> 4 & 7) - 0x84
        return Float(code & 0x80 == 0 ? magnitude : -magnitude) / 32_768
    }
}
