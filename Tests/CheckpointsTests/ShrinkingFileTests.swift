import Checkpoints
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Files that shrink and grow while they are read: what was there, or an error, never a bus error.
@Suite struct ShrinkingFileTests {
    /// Tells a thread to end.
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    @Test func arraysAndTensorsWhileAnotherThreadCuts() throws {
        let folder = try TemporaryFolder()
        let values = (0..<30_000).map { Float($0) }
        let array = folder.path("a.npy")
        try NPY(values, shape: [values.count]).write(to: array)
        let weights = folder.path("a.safetensors")
        try Safetensors.write([StoredTensor(name: "t", shape: [values.count], floats: values)], to: weights)
        let whole = try [array, weights].map { try Data(contentsOf: URL(filePath: $0)) }
        let done = Flag()
        let cutter = Thread {
            while !done.isSet.load(ordering: .relaxed) {
                for (path, bytes) in zip([array, weights], whole) {
                    truncate(path, off_t.random(in: 0...off_t(bytes.count)))
                    usleep(50)
                    let descriptor = open(path, O_WRONLY)
                    _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
                    close(descriptor)
                    usleep(50)
                }
            }
        }
        cutter.start()
        var outcomes = (read: 0, refused: 0)
        let end = Date(timeIntervalSinceNow: 0.5)
        while Date() < end {
            do throws(CheckpointError) {
                let found = try NPY(file: array, limit: 1 << 20)
                #expect(found.floats() == values)
                outcomes.read += 1
            } catch {
                #expect(error.description.contains("a.npy"))
                outcomes.refused += 1
            }
            do {
                let source = try Safetensors(file: weights)
                #expect(try source.bytes(of: "t").count == values.count * 4)
                outcomes.read += 1
            } catch {
                #expect("\(error)".contains("a.safetensors"))
                outcomes.refused += 1
            }
        }
        done.isSet.store(true, ordering: .relaxed)
        while !cutter.isFinished { usleep(100) }
        #expect(outcomes.refused > 0, "\(outcomes)")
    }
}
