/// The pages of an Ogg file (RFC 3533), looked through before it is decoded.
///
/// Decoders skip damaged pages without a word, and words with them. So every page's checksum is compared, pages must
/// follow each other, belong to one stream and end with the stream's last.
enum OggPages {
    /// Looks at all pages from where `bytes` stands, and ends it after the last.
    ///
    /// - Throws: ``AudioError``: damaged, cut short, or more than one stream.
    static func check(_ bytes: FileBytes) throws(AudioError) {
        let name = bytes.name
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: 27 + 255 + 255 * 255, alignment: 8)
        defer { page.deallocate() }
        var serial: UInt32?
        var number: UInt32 = 0
        while true {
            let place = "at byte \(bytes.position): "
            guard try fill(page, 0..<27, from: bytes) else {
                throw .malformed(file: name, type: "Ogg", reason: place + "it ends before the stream's last page")
            }
            guard page[..<4].elementsEqual("OggS".utf8), page[4] == 0 else {
                throw .malformed(file: name, type: "Ogg", reason: place + "no page begins here")
            }
            let segments = Int(page[26])
            var size = 27 + segments
            guard try fill(page, 27..<size, from: bytes) else {
                throw .malformed(file: name, type: "Ogg", reason: place + "the page is cut short")
            }
            let body = page[27..<size].reduce(0) { $0 + Int($1) }
            guard try fill(page, size..<size + body, from: bytes) else {
                throw .malformed(file: name, type: "Ogg", reason: place + "the page is cut short")
            }
            size += body
            let stated = little32(page, 22)
            page.storeBytes(of: 0, toByteOffset: 22, as: UInt32.self)
            guard checksum(UnsafeRawBufferPointer(rebasing: page[..<size])) == stated else {
                throw .malformed(file: name, type: "Ogg", reason: place + "the page's checksum is wrong")
            }
            let (flags, found) = (page[5], little32(page, 14))
            guard (serial == nil) == (flags & 2 != 0), serial == nil || serial == found else {
                throw several(name)
            }
            guard serial == nil || little32(page, 18) == number else {
                throw .malformed(file: name, type: "Ogg", reason: place + "pages are missing")
            }
            serial = found
            number = little32(page, 18) &+ 1
            guard flags & 4 != 0 else { continue }
            // What follows the last page is no sound, or another stream's.
            let end = bytes.position
            if try fill(page, 0..<4, from: bytes), page[..<4].elementsEqual("OggS".utf8) { throw several(name) }
            bytes.end = end
            return
        }
    }

    private static func several(_ name: String) -> AudioError {
        .unsupported(
            file: name, type: "Ogg of several streams, or without a stream's beginning",
            advice: "convert it to one stream")
    }

    private static func fill(
        _ page: UnsafeMutableRawBufferPointer, _ range: Range<Int>, from bytes: FileBytes
    ) throws(AudioError) -> Bool {
        let part = UnsafeMutableRawBufferPointer(rebasing: page[range])
        let count = try bytes.read(into: part)
        return count == part.count
    }

    private static func little32(_ page: UnsafeMutableRawBufferPointer, _ at: Int) -> UInt32 {
        UInt32(littleEndian: page.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    /// CRC-32 with the polynomial 04C11DB7, high bit first, from zero and not inverted.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc: UInt32 = 0
            for byte in bytes { crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 24) ^ byte)] }
            return crc
        }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { value, _ in
            value & 0x8000_0000 == 0 ? value << 1 : value << 1 ^ 0x04C1_1DB7
        }
    }
}
