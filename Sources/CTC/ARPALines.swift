import Files

/// The lines of an ARPA file, a block of it in memory at a time.
struct ARPALines {
    /// The current line, without its line feed and a carriage return before it.
    private(set) var line: [UInt8] = []
    /// The current line's number, from 1.
    private(set) var number = 0
    private let file: RegularFile
    private var block: [UInt8] = []
    private var place = 0
    private var offset = 0

    private static let blockSize = 1 << 20

    init(file: RegularFile) { self.file = file }

    /// What messages call the file.
    var path: String { file.path }
    /// The file's bytes.
    var size: Int { file.size }

    /// Goes to the next line.
    ///
    /// - Returns: whether there is one.
    /// - Throws: ``CTCError`` where the file cannot be read, or a line is longer than ``NGramModel/lineLimit``.
    mutating func next() throws(CTCError) -> Bool {
        line.removeAll(keepingCapacity: true)
        var isEmpty = true
        while true {
            if place == block.count {
                let count = min(Self.blockSize, file.size - offset)
                guard count > 0 else {
                    if !isEmpty { number += 1 }
                    dropCarriageReturn()
                    return !isEmpty
                }
                do throws(FileError) { block = try file.bytes(at: offset, count: count) } catch { throw .file(error) }
                offset += count
                place = 0
            }
            isEmpty = false
            let end = block[place...].firstIndex(of: UInt8(ascii: "\n")) ?? block.count
            guard line.count + end - place <= NGramModel.lineLimit else {
                throw .format(
                    file: file.path, line: number + 1, expected: "lines of at most \(NGramModel.lineLimit) bytes",
                    found: "a longer one")
            }
            line += block[place..<end]
            place = end
            if end < block.count {
                place += 1
                number += 1
                dropCarriageReturn()
                return true
            }
        }
    }

    private mutating func dropCarriageReturn() {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
    }
}
