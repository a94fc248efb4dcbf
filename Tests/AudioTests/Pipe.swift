import Foundation
import Glibc
import Testing

/// A pipe with bytes in it that ends after them, written by a thread of its own.
final class Pipe {
    /// Where the bytes come out.
    let output: Int32
    private let thread: Thread

    /// - Parameter piece: bytes that are written at a time.
    init(_ bytes: [UInt8], piece: Int = 65_536) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        output = ends[0]
        let input = ends[1]
        thread = Thread {
            // A reader that gave up closes the pipe; that is no reason to end the process.
            var ignored = sigset_t()
            sigemptyset(&ignored)
            sigaddset(&ignored, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &ignored, nil)
            var start = 0
            while start < bytes.count {
                let end = min(start + piece, bytes.count)
                let count = bytes[start..<end].withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                start += count
            }
            close(input)
        }
        thread.start()
    }

    deinit { close(output) }
}
