import Foundation

/// Builders of PNG, JPEG and WebP files with one thing wrong.
enum Hostile {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func big(_ value: Int, _ width: Int = 4) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
    }

    static func little(_ value: Int, _ width: Int = 4) -> [UInt8] { big(value, width).reversed() }

    static func chunk(_ kind: String, _ data: [UInt8] = []) -> [UInt8] {
        let body = Array(kind.utf8) + data
        return big(data.count) + body + big(crc32(body))
    }

    static func header(_ width: Int, _ height: Int, depth: Int = 8, colour: Int = 2, interlace: Int = 0) -> [UInt8] {
        chunk("IHDR", big(width) + big(height) + [UInt8(depth), UInt8(colour), 0, 0, UInt8(interlace)])
    }

    /// A zlib stream of stored blocks.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let part = rest.prefix(65_535)
            rest = rest.dropFirst(part.count)
            out += [rest.isEmpty ? 1 : 0] + little(part.count, 2) + little(~part.count & 0xFFFF, 2) + part
        } while !rest.isEmpty
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return out + big(b << 16 | a)
    }

    /// A zlib stream of `count` zeros in fixed Huffman codes: about a thousandth of its length.
    static func bomb(_ count: Int) -> [UInt8] {
        var bits: [UInt8] = [1, 1, 0]
        func append(_ code: Int, _ length: Int) {
            for k in (0..<length).reversed() { bits.append(UInt8(code >> k & 1)) }
        }
        append(0x30, 8)  // the byte 0
        for _ in 0..<(count - 1) / 258 {
            append(0xC5, 8)  // length 258
            append(0, 5)  // distance 1
        }
        append(0, 7)
        var out: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bits.count, by: 8) {
            var byte: UInt8 = 0
            for (k, bit) in bits[start..<min(start + 8, bits.count)].enumerated() { byte |= bit << UInt8(k) }
            out.append(byte)
        }
        return out + big(0)
    }

    static func png(_ chunks: [UInt8]...) -> [UInt8] { signature + chunks.joined() }

    /// A sound RGB picture of 2 x 2 pixels between chunks of the test's choice.
    static func smallPNG(before: [UInt8] = [], after: [UInt8] = []) -> [UInt8] {
        png(header(2, 2), before, chunk("IDAT", stored([UInt8](repeating: 0, count: 14))), after, chunk("IEND"))
    }

    /// A JPEG with a baseline frame header of given size, its tables and a scan of given bytes.
    static func jpeg(_ width: Int, _ height: Int, precision: Int = 8, components: Int = 1, scan: [UInt8]) -> [UInt8] {
        func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] { [0xFF, marker] + big(data.count + 2, 2) + data }
        let frame: [UInt8] =
            [UInt8(precision)] + big(height, 2) + big(width, 2) + [UInt8(components)]
            + (0..<components).flatMap { [UInt8($0 + 1), 0x11, 0] }
        let scanHeader: [UInt8] =
            [UInt8(components)] + (0..<components).flatMap { [UInt8($0 + 1), 0] } + [0, 63, 0]
        // One code of one bit each: DC category 0 and AC end of block.
        let codes: [UInt8] = [1] + [UInt8](repeating: 0, count: 15) + [0]
        return [0xFF, 0xD8] + segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)) + segment(0xC0, frame)
            + segment(0xC4, [0x00] + codes) + segment(0xC4, [0x10] + codes) + segment(0xDA, scanHeader) + scan
            + [0xFF, 0xD9]
    }

    /// A grey progressive JPEG whose scans of AC coefficients are nothing but runs of empty blocks: 40 bytes a scan.
    static func progressive(_ side: Int, scans: Int) -> [UInt8] {
        func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] { [0xFF, marker] + big(data.count + 2, 2) + data }
        let blocks = (side + 7) / 8 * ((side + 7) / 8)
        func table(_ number: UInt8, _ symbol: UInt8) -> [UInt8] {
            segment(0xC4, [number, 1] + [UInt8](repeating: 0, count: 15) + [symbol])
        }
        // DC: one bit a block. AC: symbol E0 is a run of 16,384 empty blocks, in 15 bits.
        let dc = segment(0xDA, [1, 1, 0, 0, 0, 0]) + [UInt8](repeating: 0, count: (blocks + 7) / 8)
        let runs = (blocks + 16_383) / 16_384
        let ac = segment(0xDA, [1, 1, 0, 1, 63, 0]) + [UInt8](repeating: 0, count: (15 * runs + 7) / 8)
        let tables = segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)) + table(0x00, 0) + table(0x10, 0xE0)
        let frame = segment(0xC2, [8] + big(side, 2) + big(side, 2) + [1, 1, 0x11, 0])
        return [0xFF, 0xD8] + tables + frame + dc + (1..<scans).flatMap { _ in ac } + [0xFF, 0xD9]
    }

    static func riff(_ chunks: [UInt8]) -> [UInt8] {
        Array("RIFF".utf8) + little(chunks.count + 4) + Array("WEBP".utf8) + chunks
    }

    static func riffChunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
        Array(kind.utf8) + little(data.count) + data + (data.count % 2 == 1 ? [0] : [])
    }

    /// An extended WebP header; flags 2 is animation, 16 alpha.
    static func extended(_ width: Int, _ height: Int, flags: UInt8) -> [UInt8] {
        riffChunk("VP8X", [flags, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3))
    }
}
