import CLibZ
import Files

/// Unpacks gzip files (RFC 1952) of one member, with a bound on what comes out.
enum GzipFile {
    /// The largest file, in bytes.
    static let byteLimit = 16 << 20
    /// The most bytes that come out of one.
    static let unpackedLimit = 64 << 20

    static func read(_ path: String) throws(TokenizerError) -> [UInt8] {
        let packed: [UInt8]
        do throws(FileError) { packed = try FileSystem.read(path, limit: byteLimit) } catch { throw .file(error) }
        return try unpack(packed, file: path)
    }

    static func unpack(_ packed: [UInt8], file: String) throws(TokenizerError) -> [UInt8] {
        var packed = packed
        var unpacked: [UInt8] = []
        var stream = z_stream()
        // 15 bits of window, and 16 for gzip's header and checksum.
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .format(file: file, line: nil, expected: "gzip", found: "zlib cannot start")
        }
        defer { inflateEnd(&stream) }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let total = packed.count
        let status: Int32 = packed.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var status = Z_OK
            while status == Z_OK && unpacked.count <= unpackedLimit {
                let produced = chunk.withUnsafeMutableBufferPointer { output in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    return output.count - Int(stream.avail_out)
                }
                unpacked.append(contentsOf: chunk[..<produced])
            }
            return status
        }
        guard unpacked.count <= unpackedLimit else {
            throw .format(
                file: file, line: nil, expected: "at most \(unpackedLimit) bytes unpacked", found: "more")
        }
        guard status == Z_STREAM_END else {
            throw .format(
                file: file, line: nil, expected: "a whole gzip file",
                found: status == Z_BUF_ERROR ? "its end after \(total) bytes" : "damaged data")
        }
        guard stream.avail_in == 0 else {
            throw .format(file: file, line: nil, expected: "the end of the file after the data", found: "more")
        }
        return unpacked
    }
}
