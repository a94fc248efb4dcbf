/// Writes pickles and the files around them by hand, as no library would.
struct HandMadePickle {
    /// The operations so far.
    var bytes: [UInt8] = [0x80, 2]

    /// A pickle that ends after `build`.
    static func made(_ build: (inout HandMadePickle) -> Void) -> [UInt8] {
        var pickle = HandMadePickle()
        build(&pickle)
        return pickle.bytes + [0x2E]
    }

    /// A dictionary whose only key `a` is what `value` leaves on the stack.
    static func weights(_ value: (inout HandMadePickle) -> Void) -> [UInt8] {
        made { pickle in
            pickle.op("}(")
            pickle.text("a")
            value(&pickle)
            pickle.op("u")
        }
    }

    /// Operations by their ASCII codes.
    mutating func op(_ codes: String) { bytes += Array(codes.utf8) }

    mutating func raw(_ codes: [UInt8]) { bytes += codes }

    mutating func number(_ value: Int, bytes count: Int) {
        bytes += (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    mutating func int(_ value: Int) {
        if Int(Int32(truncatingIfNeeded: value)) == value {
            op("J")
            number(value, bytes: 4)
        } else {
            raw([0x8A, 8])
            number(value, bytes: 8)
        }
    }

    mutating func text(_ text: String) {
        op("X")
        number(text.utf8.count, bytes: 4)
        bytes += Array(text.utf8)
    }

    mutating func global(_ module: String, _ name: String) { op("c\(module)\n\(name)\n") }

    /// A tuple of integers.
    mutating func integers(_ values: [Int]) {
        op("(")
        for value in values { int(value) }
        op("t")
    }

    /// A storage of the zip format, or of the legacy format.
    mutating func storage(
        _ type: String = "FloatStorage", key: String = "0", count: Int = 6, legacy: Bool = false,
        tag: String = "storage"
    ) {
        op("(")
        text(tag)
        global("torch", type)
        text(key)
        text("cpu")
        int(count)
        if legacy { op("N") }
        op("tQ")
    }

    /// A tensor of `_rebuild_tensor_v2`.
    mutating func tensor(
        _ shape: [Int] = [2, 3], _ strides: [Int] = [3, 1], offset: Int = 0, count: Int = 6, legacy: Bool = false
    ) {
        global("torch._utils", "_rebuild_tensor_v2")
        op("(")
        storage(count: count, legacy: legacy)
        int(offset)
        integers(shape)
        integers(strides)
        raw([0x89])
        global("collections", "OrderedDict")
        op(")RtR")
    }
}

/// A zip archive written by hand: records stored as they are, without checksums unless they are given.
struct HandMadeZip {
    struct Record {
        var name: String
        var bytes: [UInt8]
        var method = 0
        var flags = 0x800
        var checksum = 0
        /// Sizes that the directory says, where they are not the bytes'.
        var sizes: (packed: Int, plain: Int)?
        /// Whether the directory has its numbers in the extra field for large archives.
        var isWide = false
        /// The name that its own header has, where another.
        var ownName: String?
        /// Where the directory says it starts, where not where it does.
        var offset: Int?
    }

    var records: [Record]
    var comment: [UInt8] = []
    /// What the end record says, where not the truth.
    var count: Int?
    var directoryOffset: Int?
    var directoryByteCount: Int?

    /// The records of a file of `torch.save`: a pickle, a version and one storage.
    static func torch(_ pickle: [UInt8], storage: [UInt8]? = [UInt8](repeating: 1, count: 24)) -> HandMadeZip {
        var records = [Record(name: "x/data.pkl", bytes: pickle), Record(name: "x/version", bytes: Array("3\n".utf8))]
        if let storage { records.append(Record(name: "x/data/0", bytes: storage)) }
        return HandMadeZip(records: records)
    }

    var bytes: [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for record in records {
            let (packed, plain) = record.sizes ?? (record.bytes.count, record.bytes.count)
            let name = Array(record.name.utf8)
            let own = Array((record.ownName ?? record.name).utf8)
            let common = number(record.method, 2) + number(0, 4) + number(record.checksum, 4) + number(packed, 4)
            let offset = record.offset ?? file.count
            let full = number(0xFFFF_FFFF, 4)
            var extra: [UInt8] = []
            if record.isWide {
                // A field of another kind goes before it.
                extra += number(7, 2) + number(3, 2) + [1, 2, 3]
                extra += number(1, 2) + number(24, 2)
                extra += number(plain, 8) + number(packed, 8) + number(offset, 8)
            }
            directory += number(0x0201_4B50, 4) + number(0, 4) + number(record.flags, 2)
            directory += record.isWide ? common.dropLast(4) + full + full : common + number(plain, 4)
            directory += number(name.count, 2) + number(extra.count, 2) + number(0, 8)
            directory += number(0, 2) + (record.isWide ? full : number(offset, 4)) + name + extra
            file += number(0x0403_4B50, 4) + number(0, 2) + number(record.flags, 2) + common + number(plain, 4)
            file += number(own.count, 2) + number(0, 2) + own + record.bytes
        }
        let start = file.count
        file += directory
        file += number(0x0605_4B50, 4) + number(0, 4) + number(count ?? records.count, 2)
        file += number(count ?? records.count, 2) + number(directoryByteCount ?? directory.count, 4)
        return file + number(directoryOffset ?? start, 4) + number(comment.count, 2) + comment
    }
}

/// A file of the format before zip, written by hand.
enum HandMadeLegacy {
    static let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    static let version: [UInt8] = [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E]
    static let facts = HandMadePickle.made { pickle in
        pickle.op("}")
        pickle.text("little_endian")
        pickle.raw([0x88])
        pickle.op("s")
    }

    /// A list of keys.
    static func keys(_ keys: [String]) -> [UInt8] {
        HandMadePickle.made { pickle in
            pickle.op("](")
            for key in keys { pickle.text(key) }
            pickle.op("e")
        }
    }

    /// A file of one storage, whose parts may be others.
    static func file(
        magic: [UInt8] = magic, version: [UInt8] = version, facts: [UInt8] = facts,
        object: [UInt8] = HandMadePickle.weights { $0.tensor(legacy: true) }, keys: [UInt8] = keys(["0"]),
        count: UInt64 = 6, data: [UInt8] = [UInt8](repeating: 1, count: 24)
    ) -> [UInt8] {
        magic + version + facts + object + keys + (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
            + data
    }
}
