/// The cyclic redundancy check of zip archives (ISO 3309, reflected polynomial 0xEDB88320), eight bytes at a time.
struct CRC32 {
    /// `tables[k][b]`: what byte `b` contributes when `k` more bytes follow it.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<2048 {
            let shorter = tables[index - 256]
            tables[index] = shorter >> 8 ^ tables[Int(shorter & 0xFF)]
        }
        return tables
    }()

    private var state: UInt32 = 0xFFFF_FFFF

    /// The check of all bytes so far.
    var value: UInt32 { ~state }

    /// Takes in more bytes.
    mutating func update(_ bytes: [UInt8]) {
        state = bytes.withUnsafeBytes { data in
            Self.tables.withUnsafeBufferPointer { tables in
                var state = state
                var place = 0
                while place + 8 <= data.count {
                    let low = data.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian ^ state
                    let high = data.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self).littleEndian
                    let first = tables[1792 + Int(low & 0xFF)] ^ tables[1536 + Int(low >> 8 & 0xFF)]
                    let second = tables[1280 + Int(low >> 16 & 0xFF)] ^ tables[1024 + Int(low >> 24)]
                    let third = tables[768 + Int(high & 0xFF)] ^ tables[512 + Int(high >> 8 & 0xFF)]
                    let fourth = tables[256 + Int(high >> 16 & 0xFF)] ^ tables[Int(high >> 24)]
                    state = first ^ second ^ third ^ fourth
                    place += 8
                }
                while place < data.count {
                    state = state >> 8 ^ tables[Int((state ^ UInt32(data[place])) & 0xFF)]
                    place += 1
                }
                return state
            }
        }
    }
}
