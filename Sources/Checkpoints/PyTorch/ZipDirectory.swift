/// Where the central directory of a zip archive lies, as the record at the end of the file says (APPNOTE 4.3.14 to
/// 4.3.16).
struct ZipDirectory {
    /// The bytes of the file that hold the directory.
    let range: Range<Int>
    /// Entries of the directory.
    let count: Int
    private let source: ByteSource

    /// Reads the directory's bytes.
    var reader: BoundedReader { BoundedReader(source, range) }

    init(_ source: ByteSource) throws(CheckpointError) {
        self.source = source
        func failure(_ expected: String, _ found: String, at offset: Int) -> CheckpointError {
            .pytorch(
                PyTorchError(file: source.name, rule: .archive, expected: expected, found: found, offset: offset))
        }
        // The record has 22 bytes and a comment of up to 65,535 behind it.
        let tail = max(0, source.count - 22 - 0xFFFF)
        var whole = BoundedReader(source, tail..<source.count)
        let bytes = try whole.bytes(source.count - tail)
        guard
            let place = stride(from: bytes.count - 22, through: 0, by: -1).first(where: { start in
                bytes[start..<start + 4].elementsEqual([0x50, 0x4B, 0x05, 0x06])
                    && Int(bytes[start + 20]) + Int(bytes[start + 21]) << 8 == bytes.count - start - 22
            })
        else {
            throw failure("the directory's end record at the end of the archive", "none", at: source.count)
        }
        var end = tail + place
        var record = BoundedReader(source, end + 4..<source.count)
        let (disk, first) = (try record.unsigned(2), try record.unsigned(2))
        let (here, total) = (try record.unsigned(2), try record.unsigned(2))
        var (count, size, start) = (total, try record.unsigned(4), try record.unsigned(4))
        guard disk == 0, first == 0, here == total else {
            throw failure("an archive of one part", "several", at: end)
        }
        // Writers of large archives put a locator before it, which leads to a record of wider fields.
        var locator = BoundedReader(source, max(0, end - 20)..<end)
        if end >= 20, try locator.unsigned(4) == 0x0706_4B50 {
            try locator.skip(4)
            let wide = try locator.unsigned(8)
            guard wide <= UInt64(end - 20), end - 20 - Int(wide) >= 56 else {
                throw failure("the wide end record before its locator", "another place", at: end - 20)
            }
            var record = BoundedReader(source, Int(wide)..<end - 20)
            guard try record.unsigned(4) == 0x0606_4B50, try record.unsigned(8) == UInt64(end - 20 - Int(wide) - 12)
            else {
                throw failure("the wide end record", "something else", at: Int(wide))
            }
            try record.skip(4)
            let (disk, first) = (try record.unsigned(4), try record.unsigned(4))
            let (here, total) = (try record.unsigned(8), try record.unsigned(8))
            let (wideSize, wideStart) = (try record.unsigned(8), try record.unsigned(8))
            guard disk == 0, first == 0, here == total else {
                throw failure("an archive of one part", "several", at: Int(wide))
            }
            // A field of the narrow record is full or the same.
            guard count == 0xFFFF || count == total, size == 0xFFFF_FFFF || size == wideSize,
                start == 0xFFFF_FFFF || start == wideStart
            else {
                throw failure("two end records that agree", "others", at: Int(wide))
            }
            (count, size, start, end) = (total, wideSize, wideStart, Int(wide))
        }
        guard count <= UInt64(PyTorchLimits.recordCount), size <= UInt64(PyTorchLimits.directoryByteCount) else {
            throw .pytorch(
                PyTorchError(
                    file: source.name, rule: .limit,
                    expected: "at most \(PyTorchLimits.recordCount) records and "
                        + "\(PyTorchLimits.directoryByteCount) bytes of directory",
                    found: "\(count) and \(size)", offset: end))
        }
        guard start <= UInt64(end), size == UInt64(end) - start else {
            throw failure("the directory right before its end record", "another place", at: end)
        }
        range = Int(start)..<end
        self.count = Int(count)
    }
}
