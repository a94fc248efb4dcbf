internal import Files
internal import Glibc

/// Bytes in order, from a file or as they arrive.
protocol ByteStream: AnyObject {
    /// What messages call it.
    var name: String { get }
    /// Bytes to come; `nil` where that is not known.
    var remaining: Int? { get }

    /// Reads at least one byte and at most as many as fit; none only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(AudioError) -> Int

    /// Leaves bytes out.
    ///
    /// - Returns: whether there were so many.
    func skip(_ count: Int) throws(AudioError) -> Bool
}

extension ByteStream {
    /// Exactly `count` bytes, or as many as there are before the end. For headers.
    func bytes(_ count: Int) throws(AudioError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        var done = 0
        while done < count {
            let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            if got == 0 { break }
            done += got
        }
        return [UInt8](buffer[..<done])
    }
}

/// A part of a regular file.
final class FileBytes: ByteStream {
    private let file: RegularFile
    /// Where the next byte is read.
    var position = 0
    /// Where the part ends: the file's size, or less.
    var end: Int

    init(_ file: RegularFile) {
        self.file = file
        end = file.size
    }

    var name: String { file.path }
    var remaining: Int? { max(0, end - position) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(AudioError) -> Int {
        let count = min(buffer.count, max(0, end - position))
        guard count > 0 else { return 0 }
        do throws(FileError) {
            try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        } catch {
            throw .file(error)
        }
        position += count
        return count
    }

    func skip(_ count: Int) -> Bool {
        // Not beyond the end, so that no sum can overflow.
        guard count <= end - position else {
            position = end
            return false
        }
        position += count
        return true
    }
}

/// What a descriptor delivers: a pipe, a terminal, a socket. The descriptor stays its owner's.
final class DescriptorBytes: ByteStream {
    let name: String
    private let descriptor: Int32
    private let endsWhenInterrupted: () -> Bool

    /// - Parameter endsWhenInterrupted: asked when a signal has broken off the wait for bytes.
    init(_ descriptor: Int32, name: String, endsWhenInterrupted: @escaping () -> Bool) {
        self.descriptor = descriptor
        self.name = name
        self.endsWhenInterrupted = endsWhenInterrupted
    }

    var remaining: Int? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(AudioError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            switch errno {
            case EINTR: if endsWhenInterrupted() { return 0 }
            case EAGAIN:
                // Somebody made the descriptor non-blocking: wait for it.
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&wait, 1, -1) < 0 else { continue }
                guard errno == EINTR else { throw .input(name: name, code: errno) }
                if endsWhenInterrupted() { return 0 }
            default: throw .input(name: name, code: errno)
            }
        }
    }

    func skip(_ count: Int) throws(AudioError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(count, 1), 65_536), alignment: 1)
        defer { buffer.deallocate() }
        var left = count
        while left > 0 {
            let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(left, buffer.count)]))
            if got == 0 { return false }
            left -= got
        }
        return true
    }
}
