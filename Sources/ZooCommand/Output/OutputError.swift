import Arguments
import Glibc

/// Output that could not be written.
enum OutputError: Error, Equatable, CustomStringConvertible {
    /// The reader of the pipe has gone; not a fault: end quietly with `endAsBrokenPipe()`.
    case readerGone
    /// Writing failed with this `errno`.
    case failed(to: String, code: Int32)

    /// The exit code for it.
    var exitCode: ExitCode { .inputOutput }

    var description: String {
        switch self {
        case .readerGone: "the reader of the output has gone"
        case .failed(let place, let code): "cannot write to \(printable(place)): \(systemMessage(code))"
        }
    }
}

/// What the system says about an `errno`.
func systemMessage(_ code: Int32) -> String {
    // Not strerror, whose buffer another thread may overwrite.
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Writes all of `bytes` to an open file, waiting where it does not block.
///
/// - Parameter place: what the file is called in the error.
func writeAll(_ bytes: some Collection<UInt8>, to descriptor: Int32, called place: String) throws(OutputError) {
    let bytes = ContiguousArray(bytes)
    var start = 0
    while start < bytes.count {
        let count = bytes.withUnsafeBytes { buffer in
            write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[start...]).baseAddress, buffer.count - start)
        }
        if count >= 0 {
            start += count
            continue
        }
        switch errno {
        case EINTR: continue
        case EAGAIN:
            var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&waited, 1, -1)
        case EPIPE: throw .readerGone
        case let code: throw .failed(to: place, code: code)
        }
    }
}
